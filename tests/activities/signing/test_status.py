"""Not revoked, by a proof of its own, before anything is signed; unknown is not valid. The real services."""

from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pytest
from asn1crypto import x509

from activities.signing.errors import CannotSignError, NotNowError, SignerAwayError
from activities.signing.issuing import SignerName, issue_authority, issue_root, issue_signer
from activities.signing.keystore import Keystore
from activities.signing.signer import Pkcs12Signer
from activities.signing.status import StatusDesk
from tests.models.evidence import samples
from tests.pki import DevelopmentPki

AT = samples.FIRST_AT
_numbers = count(1)


def somebody(services: DevelopmentPki) -> tuple[x509.Certificate, ...]:
    """The certificates of a signer nobody has asked about yet."""
    name = SignerName("Trần Văn Đức", "Sở Nội vụ", "Giám đốc", f"acc-status-{next(_numbers)}")
    return Pkcs12Signer(Keystore(services.folder).signer(name)).certificates


def asked(services: DevelopmentPki) -> tuple[int, int]:
    counted = services.admin("GET", "/asked")
    return counted["ocsp"], counted["crl"]


def refusal(desk: StatusDesk, certificates: tuple[x509.Certificate, ...], at: datetime = AT) -> str:
    with pytest.raises((CannotSignError, NotNowError)) as refused:
        desk.check(certificates[0], certificates[1:], at)
    assert "Trần" not in str(refused.value)
    return refused.value.code


def test_a_good_certificate_is_proven_good(services: DevelopmentPki, status: StatusDesk) -> None:
    answer = status.check((own := somebody(services))[0], own[1:], AT)
    assert len(answer.chain) == 3
    assert (len(answer.ocsps), len(answer.crls)) == (2, 0)
    assert answer.until == AT + timedelta(minutes=10)


def test_the_chain_need_not_hold_the_root(services: DevelopmentPki, status: StatusDesk) -> None:
    own = somebody(services)
    issuing = [one for one in own[1:] if one.subject != one.issuer]
    assert len(status.check(own[0], issuing, AT).chain) == 3


def test_revoked_is_refused_for_good(services: DevelopmentPki, status: StatusDesk) -> None:
    own = somebody(services)
    services.revoke(f"{own[0].serial_number:x}")
    assert refusal(status, own) == "certificate-revoked"


def test_revoked_is_found_by_the_list_too(services: DevelopmentPki, status: StatusDesk) -> None:
    own = somebody(services)
    services.revoke(f"{own[0].serial_number:x}")
    services.faults(ocsp="down")
    assert refusal(status, own) == "certificate-revoked"


@pytest.mark.parametrize("fault", ["down", "rubbish", "try_later", "other_nonce"])
def test_the_list_answers_where_ocsp_does_not(
    services: DevelopmentPki, status: StatusDesk, fault: str
) -> None:
    services.faults(ocsp=fault)
    answer = status.check((own := somebody(services))[0], own[1:], AT)
    assert (len(answer.ocsps), len(answer.crls)) == (0, 2)


@pytest.mark.parametrize("fault", ["down", "rubbish"])
def test_nobody_answers(services: DevelopmentPki, status: StatusDesk, fault: str) -> None:
    services.faults(ocsp=fault, crl=fault)
    assert refusal(status, own := somebody(services)) == "revocation-unavailable"
    services.faults(ocsp="ok", crl="ok")
    assert status.check(own[0], own[1:], AT).ocsps, "a failure is not remembered"


def test_waiting_is_bounded(services: DevelopmentPki, http: httpx.Client) -> None:
    services.clock(AT)
    services.faults(ocsp="hang", crl="hang", hang_seconds=5)
    with httpx.Client(timeout=0.2, trust_env=False) as hasty:
        assert refusal(StatusDesk(services.trust, hasty), somebody(services)) == "revocation-unavailable"


def test_an_answer_of_unknown_is_not_good(services: DevelopmentPki, status: StatusDesk) -> None:
    services.faults(ocsp="unknown", crl="down")
    assert refusal(status, somebody(services)) == "revocation-unknown"


def test_stale_answers_prove_nothing(services: DevelopmentPki, status: StatusDesk) -> None:
    services.faults(ocsp="stale", crl="stale")
    assert refusal(status, somebody(services)) == "revocation-unknown"


def test_unknown_is_a_trouble_and_not_a_refusal() -> None:
    assert issubclass(NotNowError, SignerAwayError)
    assert not issubclass(NotNowError, CannotSignError)


def test_answers_are_used_again_while_they_hold(services: DevelopmentPki, status: StatusDesk) -> None:
    own = somebody(services)
    before = asked(services)
    for minutes in (0, 5, 10):
        status.check(own[0], own[1:], AT + timedelta(minutes=minutes))
    assert asked(services) == (before[0] + 2, before[1])
    services.clock(AT + timedelta(minutes=11))
    status.check(own[0], own[1:], AT + timedelta(minutes=11))
    assert asked(services)[0] == before[0] + 4


def test_a_revocation_is_seen_when_the_answer_ends(services: DevelopmentPki, status: StatusDesk) -> None:
    own = somebody(services)
    status.check(own[0], own[1:], AT)
    services.revoke(f"{own[0].serial_number:x}")
    services.clock(AT + timedelta(minutes=11))
    assert refusal(status, own, AT + timedelta(minutes=11)) == "certificate-revoked"


def test_an_answer_newer_than_the_act_counts(services: DevelopmentPki, status: StatusDesk) -> None:
    """A long batch is signed at the instant it began; the responder's clock runs on."""
    services.clock(AT + timedelta(hours=3))
    own = somebody(services)
    assert status.check(own[0], own[1:], AT).ocsps


def test_an_expired_certificate_is_refused(services: DevelopmentPki, status: StatusDesk) -> None:
    late = datetime(2046, 1, 2, tzinfo=UTC)
    services.clock(late)
    assert refusal(status, somebody(services), late) == "certificate-not-valid-then"


def test_a_stranger_is_refused(status: StatusDesk) -> None:
    issued = issue_signer(issue_authority(issue_root("CA lạ"), "CA lạ"), samples.OFFICIAL)
    assert refusal(status, Pkcs12Signer(issued).certificates) == "certificate-untrusted"


def test_a_forged_answer_is_not_believed(
    services: DevelopmentPki, status: StatusDesk, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bit of the responder's signature is turned on the way."""
    real = http.post

    def turned(*arguments: object, **content: object) -> httpx.Response:
        answer = real(*arguments, **content)  # type: ignore[arg-type]  # handed on as it came
        data = bytearray(answer.content)
        data[data.index(b"\x2a\x86\x48\xce\x3d\x04\x03\x02") + 20] ^= 1
        return httpx.Response(200, content=bytes(data))

    services.faults(crl="down")
    monkeypatch.setattr(http, "post", turned)
    assert refusal(status, somebody(services)) in ("revocation-unknown", "revocation-unavailable")


def test_addresses_of_the_settings_come_before_those_in_certificates(
    services: DevelopmentPki, http: httpx.Client
) -> None:
    services.clock(AT)
    nobody = "http://127.0.0.1:9/ocsp"
    elsewhere = StatusDesk(services.trust, http, ocsp_url=nobody, crl_urls=["http://127.0.0.1:9/crl"])
    assert refusal(elsewhere, own := somebody(services)) == "revocation-unavailable"
    lists = [f"{services.url}/crl/{one}.crl" for one in ("root", "issuing")]
    assert StatusDesk(services.trust, http, ocsp_url=nobody, crl_urls=lists).check(own[0], own[1:], AT).crls
