"""Trust lists: what is read, and what is refused."""

import json

import pytest

from activities.signing.issuing import issue_signer
from models.evidence import Anchor, TrustList, TrustListError
from models.evidence.algorithms import current_policy
from models.evidence.attachment import keywords
from models.evidence.verdict import problem, problem_codes
from tests.models.evidence import samples


def test_json_round_trip() -> None:
    assert TrustList.parse(samples.trust().to_json().encode()) == samples.trust()


def test_pem_keeps_the_certificates() -> None:
    read = TrustList.parse(samples.trust().to_pem().encode())
    assert [one.certificate for one in read.anchors] == [samples.root().der()]
    assert "CA gốc của phép thử" in read.anchors[0].label


def _entry(pem: str) -> bytes:
    return json.dumps({"version": 1, "anchors": [{"label": "x", "pem": pem}]}).encode()


def _leaf() -> Anchor:
    return Anchor("x", issue_signer(samples.authority(), samples.OFFICIAL).der())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"{",
        b"nonsense",
        b'{"version": 1, "anchors": []}',
        b'{"version": 2, "anchors": []}',
        b'{"version": 1, "anchors": 7}',
        b'{"version": 1, "anchors": [{"label": "x"}]}',
        _entry("nonsense"),
        _entry("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        _entry("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        b"{" + b" " * (4 * 1024 * 1024),
    ],
)
def test_unusable(data: bytes) -> None:
    with pytest.raises(TrustListError):
        TrustList.parse(data)


def test_a_signer_is_no_authority() -> None:
    with pytest.raises(TrustListError, match="not a certification authority"):
        TrustList.of([_leaf()])


@pytest.mark.parametrize(
    ("key", "bits", "mechanism", "digest", "objection"),
    [
        ("rsa", 2048, "rsassa_pss", "sha256", None),
        ("rsa", 2047, "rsassa_pss", "sha256", "rsa 2047 bit < 2048"),
        ("rsa", 2048, "rsassa_pkcs1v15", "sha256", None),
        ("rsa", 2047, "rsassa_pkcs1v15", "sha256", "rsa 2047 bit < 2048"),
        ("rsa", 2048, "rsassa_pkcs1v15", "sha1", "sha1"),
        ("rsa", 4096, "rsaes_oaep", "sha256", "rsaes_oaep"),
        ("rsa", 2048, "rsassa_pss", "sha1", "sha1"),
        ("ec", 256, "ecdsa", "sha3_256", None),
        ("ec", 255, "ecdsa", "sha256", "ec 255 bit < 256"),
        ("ec", 256, "ecdsa", "md5", "md5"),
        ("dsa", 3072, "dsa", "sha256", "key type dsa"),
        ("ed25519", 256, "ed25519", "sha512", "key type ed25519"),
    ],
)
def test_algorithm_policy(key: str, bits: int, mechanism: str, digest: str, objection: str | None) -> None:
    found = current_policy().objection(key=key, bits=bits, mechanism=mechanism, digest=digest)
    assert found == objection


def test_issuers_may_use_the_old_padding() -> None:
    policy = current_policy()
    used = {"key": "rsa", "bits": 2048, "mechanism": "rsassa_pkcs1v15", "digest": "sha256"}
    assert policy.certificate_objection(**used) is None
    assert policy.certificate_objection(**used | {"digest": "sha1"}) == "sha1"
    assert policy.certificate_objection(**used | {"bits": 1024}) == "rsa 1024 bit < 2048"


@pytest.mark.parametrize("code", ["a b", "a,b", "", "a\nb"])
def test_keywords_refuse_codes_that_could_not_be_read_back(code: str) -> None:
    with pytest.raises(ValueError, match="document code"):
        keywords(code, "0" * 64)


@pytest.mark.parametrize("digest", ["", "0" * 63, "A" * 64, "g" * 64])
def test_keywords_refuse_what_is_no_digest(digest: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        keywords("HS-1", digest)


def test_every_problem_has_its_words() -> None:
    values = {
        "field": "f",
        "limit_mib": 1,
        "found": "x",
        "source": "y",
        "name": "n",
        "level": "B-B",
        "minimum": "B-T",
        "on": "01/01/2031",
    }
    for code in problem_codes():
        found = problem(code, **values)
        assert found.vi
        assert found.en
        assert "{" not in found.vi + found.en
