"""Records of competence: the right person, the right document, the right time, said by the right seal."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta

import pytest
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic

from activities.documents.fields import state_beside
from activities.signing.issuing import Issued, PrivateKey, issue_authority, issue_root, issue_signer
from models.evidence import Verdict, verify
from models.evidence.attestation import Algorithm, AttestationError, algorithm_of, opened, to_be_signed
from models.evidence.competence import CompetenceError, CompetenceRecord, Delegation, is_known_seal
from tests.models.evidence import competence, longterm, samples
from tests.models.evidence.competence import LENT, RECORD, attested, record, signed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ENDED = datetime(2031, 1, 1, tzinfo=UTC)
"""The first instant without RSA below 3072 bits (``models/evidence/algorithms.yaml``)."""
P_256 = bytes.fromhex("2a8648ce3d030107")
"""The curve's identifier (RFC 5480, 2.1.1.1)."""


def judged(pdf: bytes) -> Verdict:
    return verify(pdf, samples.trust(), at=longterm.NOW)


def codes(verdict: Verdict) -> set[str]:
    assert verdict.valid is (not verdict.problems)
    return {found.code for found in verdict.problems}


def check(verdict: Verdict) -> str:
    return {one.name: one.result for one in verdict.checks}["competence"]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("lent", [None, LENT])
def test_a_record_that_fits(kind: str, lent: Delegation | None) -> None:
    verdict = judged(signed(attested(record(delegation=lent), competence.seal(kind=kind))))
    assert codes(verdict) == set()
    assert check(verdict) == "passed"
    said = verdict.signatures[0].competence
    assert said is not None
    assert (said["role"], said["rules"], said["rule_set"]) == ("agency_head", ["hanoi.art6.4"], "a" * 64)
    assert (said["delegation"] or {}).get("document") == (lent and lent.document)
    json.dumps(verdict.to_json())


ALLOWED = [
    ("ec", "ES256", "ecdsa", "sha256"),
    ("P-384", "ES384", "ecdsa", "sha384"),
    ("P-521", "ES512", "ecdsa", "sha512"),
    ("rsa", "PS256", "rsassa_pss", "sha256"),
    ("rsa", "PS384", "rsassa_pss", "sha384"),
    ("rsa", "PS512", "rsassa_pss", "sha512"),
    ("rsa", "RS256", "rsassa_pkcs1v15", "sha256"),
    ("rsa", "RS384", "rsassa_pkcs1v15", "sha384"),
    ("rsa", "RS512", "rsassa_pkcs1v15", "sha512"),
]
CURVES = {"ec": "secp256r1", "P-384": "secp384r1", "P-521": "secp521r1"}


@pytest.mark.parametrize(("kind", "name", "mechanism", "digest"), ALLOWED)
def test_a_seal_of_every_kind_that_the_policy_allows(
    kind: str, name: str, mechanism: str, digest: str
) -> None:
    how = Algorithm(name, mechanism, digest, CURVES.get(kind, ""))
    statement = attested(RECORD, competence.seal(kind=kind), how)
    assert _header(statement)["alg"] == name
    verdict = judged(signed(statement))
    assert (codes(verdict), check(verdict)) == (set(), "passed")
    assert verdict.signatures[0].competence is not None
    # The same statement with one bit of its value turned is nobody's.
    at = len(statement) - 40
    other = statement[:at] + ("A" if statement[at] != "A" else "B") + statement[at + 1 :]
    with pytest.raises(AttestationError):
        opened(other)


def test_our_own_seals_sign_with_the_first_that_fits() -> None:
    chosen = {
        (kind, mechanism): algorithm_of(competence.seal(kind=kind).der(), mechanism).name
        for kind, mechanism in {(kind, mechanism) for kind, _, mechanism, _ in ALLOWED}
    }
    assert chosen == {
        ("ec", "ecdsa"): "ES256",
        ("P-384", "ecdsa"): "ES384",
        ("P-521", "ecdsa"): "ES512",
        ("rsa", "rsassa_pss"): "PS256",
        ("rsa", "rsassa_pkcs1v15"): "RS256",
    }


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("P-224", Algorithm("ES256", "ecdsa", "sha256", "secp256r1")),
        ("brainpool", Algorithm("ES256", "ecdsa", "sha256", "secp256r1")),
        ("P-384", Algorithm("ES256", "ecdsa", "sha256", "secp256r1")),
        ("ec", Algorithm("ES384", "ecdsa", "sha384", "secp384r1")),
        ("rsa 1024", Algorithm("PS256", "rsassa_pss", "sha256")),
        ("rsa", Algorithm("RS1", "rsassa_pkcs1v15", "sha1")),
        ("rsa", Algorithm("none", "rsassa_pss", "sha256")),
        ("rsa", Algorithm("ES256", "rsassa_pss", "sha256")),
    ],
    ids=lambda one: one if isinstance(one, str) else one.name,
)
def test_a_seal_of_another_kind_attests_nothing(kind: str, how: Algorithm) -> None:
    """Each signed correctly by its own key, in the way that it names."""
    seal = competence.seal(kind=kind)
    if kind not in ("ec", "P-384", "rsa"):
        with pytest.raises(AttestationError):
            algorithm_of(seal.der(), how.mechanism)
    data = to_be_signed(RECORD.canonical(), [one.public_bytes(Encoding.DER) for one in _chain(seal)], how)
    statement = f"{data.decode()}.{_value(seal.key, how, data)}"
    with pytest.raises(AttestationError):
        opened(statement)
    assert codes(judged(signed(statement))) == {"competence-broken"}


def test_a_seal_on_a_curve_that_nobody_knows_is_an_answer_and_no_crash() -> None:
    strange = competence.seal().der().replace(P_256, P_256[:-1] + b"\x06")
    data = to_be_signed(RECORD.canonical(), [strange], Algorithm("ES256", "ecdsa", "sha256", "secp256r1"))
    assert codes(judged(signed(f"{data.decode()}.AAAA"))) == {"competence-broken"}


def test_a_seal_whose_issuer_is_too_weak_is_not_trusted() -> None:
    key = competence.KEYS["rsa 1024"]()
    weak = issue_authority(samples.root(), "CA yếu", key=key)
    name = competence.SignerName("Sở Nội vụ", "Sở Nội vụ", "", competence.AUTHORITY)
    assert codes(judged(signed(attested(RECORD, issue_signer(weak, name))))) == {"competence-untrusted"}


def test_what_a_seal_of_an_ended_algorithm_still_proves() -> None:
    """A record made with a key that has since become too short proves only beside a timestamp from before."""
    made = attested(RECORD, competence.seal(kind="rsa"))
    stamper = longterm.Stamper(longterm.timestamper(), samples.FIRST_AT + timedelta(seconds=2))
    for pdf, at, found in (
        (bare := signed(made), ENDED - timedelta(seconds=1), set()),
        (bare, ENDED, {"competence-untrusted"}),
        (signed(made, stamper=stamper), ENDED, set()),
        (signed(attested(RECORD)), ENDED, set()),
    ):
        assert codes(verify(pdf, samples.trust(), at=at)) == found
    asked = tuple(one.public_bytes(Encoding.DER) for one in _chain(competence.seal(kind="rsa")))
    assert is_known_seal(asked, competence.AUTHORITY, samples.trust(), ENDED - timedelta(days=1))
    assert not is_known_seal(asked, competence.AUTHORITY, samples.trust(), ENDED)


def _header(statement: str) -> dict[str, object]:
    part = statement.split(".")[0]
    return dict(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _chain(issued: Issued) -> list[x509.Certificate]:
    return [issued.certificate, *issued.chain]


def _value(key: PrivateKey, how: Algorithm, data: bytes) -> str:
    """A signature that holds, spelt as its name asks, whatever a reader thinks of it."""
    digest: hashes.HashAlgorithm = getattr(hashes, how.digest.upper())()
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        value = key.sign(data, pss if how.mechanism == "rsassa_pss" else padding.PKCS1v15(), digest)
    else:
        size = (key.key_size + 7) // 8
        halves = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        value = b"".join(one.to_bytes(size, "big") for one in halves)
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def test_promised_and_missing() -> None:
    verdict = judged(signed(None))
    assert (codes(verdict), check(verdict)) == ({"competence-missing"}, "failed")


def test_not_promised_and_missing_is_unknown() -> None:
    verdict = judged(signed(None, promised=False))
    assert (codes(verdict), check(verdict)) == (set(), "unknown")


def test_a_record_must_hold_even_where_none_was_promised() -> None:
    assert codes(judged(signed("nonsense", promised=False))) == {"competence-broken"}
    assert check(judged(signed(attested(RECORD), promised=False))) == "passed"


OTHERS = {
    "another document": {"document": "HS-2025-000124"},
    "another content": {"digest": "0" * 64},
    "another field": {"field": "authority"},
    "another account": {"account": "acc-official"},
    "another name": {"name": "Trần Văn Đức B"},
    "another post": {"post": "Phó Giám đốc"},
    "another agency": {"agency": "Sở Tài chính"},
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_record_of_something_else(case: str) -> None:
    assert codes(judged(signed(attested(record(**OTHERS[case]))))) == {"competence-of-another"}


OUTSIDE = {
    "before its time": record(starts_at=samples.FIRST_AT + HOUR),
    "after its time": record(ends_at=samples.FIRST_AT - HOUR),
    "delegation ended": record(delegation=Delegation("A", "QĐ 1", date(2025, 1, 1), date(2025, 3, 27))),
    "delegation not begun": record(delegation=Delegation("A", "QĐ 1", date(2025, 3, 29), date(2025, 12, 31))),
}


@pytest.mark.parametrize("beside", [False, True], ids=["dictionary", "agent"])
@pytest.mark.parametrize("case", OUTSIDE)
def test_the_right_signer_without_authority_on_that_date(case: str, beside: bool) -> None:
    verdict = judged(signed(attested(OUTSIDE[case]), beside=beside))
    assert codes(verdict) == {"competence-outside-its-time"}


def test_a_record_beside_the_signature_is_read_as_one_within_it() -> None:
    within, beside = (judged(signed(attested(RECORD), beside=one)) for one in (False, True))
    assert (codes(beside), check(beside)) == (set(), "passed")
    assert beside.signatures[0].competence == within.signatures[0].competence


def test_a_later_signer_may_not_exchange_the_record_of_an_earlier_one() -> None:
    """Filling a field is a change that a certified file permits; this one is not."""
    first = signed(attested(RECORD), beside=True, promised=False)
    exchanged = state_beside(first, "official", attested(record(citation="Điều 7")))
    for pdf, found in ((first, set()), (exchanged, {"changed-after-signing"})):
        second = longterm.sign(pdf, longterm.signer(), field="authority", at=samples.SECOND_AT, certify=False)
        assert codes(judged(second)) == found


def test_two_records_that_differ_are_none() -> None:
    pdf = state_beside(competence.paper(), "official", attested(RECORD))
    other = {competence.KEY: generic.pdf_string(attested(record(citation="Điều 7")))}
    assert codes(judged(longterm.sign(pdf, competence.head(), entries=other))) == {"competence-broken"}


def test_a_document_laid_out_without_the_field_takes_no_record() -> None:
    """None can be added to what others have signed: such files of before stay as they are."""
    assert state_beside(competence.paper(), "another", attested(RECORD)) == competence.paper()


def test_the_proven_time_counts_beside_the_stated_one() -> None:
    """Whoever lost the right states an earlier time; the timestamp does not."""
    late = samples.FIRST_AT + DAY
    stamper = longterm.Stamper(longterm.timestamper(), late)
    assert codes(judged(signed(attested(RECORD), stamper=stamper))) == {"competence-outside-its-time"}


def test_a_seal_nobody_trusts() -> None:
    stranger = issue_authority(issue_root("CA lạ"), "CA lạ")
    name = competence.SignerName("Sở Nội vụ", "Sở Nội vụ", "", competence.AUTHORITY)
    assert codes(judged(signed(attested(RECORD, issue_signer(stranger, name))))) == {"competence-untrusted"}


def test_the_seal_of_another_authority() -> None:
    other = competence.seal("auth-phu-yen")
    assert codes(judged(signed(attested(RECORD, other)))) == {"competence-untrusted"}
    told = record(authority="auth-phu-yen")
    assert codes(judged(signed(attested(told, other)))) == {"competence-untrusted"}
    assert codes(judged(signed(attested(told, other), promised=False))) == set()


def test_attested_by_oneself() -> None:
    told = record(authority=samples.HEAD.serial)
    assert codes(judged(signed(attested(told, competence.head())))) == {"competence-untrusted"}


def test_every_character_of_the_statement_counts() -> None:
    good = attested(RECORD)
    for at in range(0, len(good), 41):
        other = "A" if good[at] != "A" else "B"
        with pytest.raises(AttestationError):
            opened(good[:at] + other + good[at + 1 :])


def test_not_an_attestation() -> None:
    for wrong in ("", "a.b", "a.b.c", "ế.b.c", attested(RECORD) + "=", "x" * 40_000, "e30.e30.AA"):
        with pytest.raises(AttestationError):
            opened(wrong)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said | {"more": 1},
        lambda said: {name: value for name, value in said.items() if name != "role"},
        lambda said: said | {"kind": "other"},
        lambda said: said | {"starts_at": "yesterday"},
        lambda said: said | {"delegation": {"document": "x"}},
        lambda said: said | {"rules": 7},
        lambda said: [],
    ],
)
def test_not_a_record(change: object) -> None:
    assert callable(change)
    data = rfc8785.dumps(change(json.loads(RECORD.canonical())))
    with pytest.raises(CompetenceError):
        CompetenceRecord.of(data)
    assert codes(judged(signed(attested(data)))) == {"competence-broken"}


def test_a_record_is_read_back() -> None:
    for one in (RECORD, record(delegation=LENT)):
        assert CompetenceRecord.of(one.canonical()) == one
