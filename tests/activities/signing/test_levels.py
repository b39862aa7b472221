"""PAdES B-T and B-LT with the real timestamp authority and responders; what comes of it when they fail."""

import shutil
import subprocess
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

from activities.signing.assurance import Level
from activities.signing.errors import CannotSignError, NotNowError
from activities.signing.keystore import Keystore
from activities.signing.notary import Notary, SignedFile, notary_of
from activities.signing.signer import Pkcs12Signer
from activities.signing.status import StatusDesk
from activities.signing.timestamping import TimestampDesk
from models.errors import HosoError
from models.settings import Settings
from tests.models.evidence import samples
from tests.pki import DevelopmentPki

AT = samples.FIRST_AT


@pytest.fixture
def official(services: DevelopmentPki) -> Pkcs12Signer:
    return Pkcs12Signer(Keystore(services.folder).signer(samples.OFFICIAL))


def sign(notary: Notary, signer: Pkcs12Signer, level: Level | None = None) -> SignedFile:
    return notary.sign(
        signer,
        samples.unsigned(),
        field="official",
        reason="Phép thử",
        location="Hà Nội",
        signed_at=AT,
        level=level,
    )


def kept(pdf: bytes) -> tuple[int, int]:
    """OCSP responses and lists in the file."""
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(pdf)))
    return len(store.ocsps), len(store.crls)


def test_b_b_asks_and_embeds_nothing(notary: Notary, official: Pkcs12Signer) -> None:
    made = sign(notary, official, Level.B_B)
    assert made.signer is not None
    assert made.token is None
    assert b"/DSS" not in made.pdf
    assert made.verdict.valid


def test_b_t_carries_the_authority_s_time(
    notary: Notary, official: Pkcs12Signer, services: DevelopmentPki
) -> None:
    services.clock(AT + timedelta(seconds=3))
    made = sign(notary, official, Level.B_T)
    (signature,) = PdfFileReader(BytesIO(made.pdf)).embedded_signatures
    assert len(list(extract_tst_data_iter(signature.signer_info, signed=False))) == 1
    assert made.stamped_at == AT + timedelta(seconds=3)
    assert b"/DSS" not in made.pdf


def test_b_lt_carries_every_answer_under_the_signature(notary: Notary, official: Pkcs12Signer) -> None:
    made = sign(notary, official)
    assert kept(made.pdf) == (3, 0), "signer, timestamp authority, and once the issuing authority"
    assert made.verdict.valid
    assert made.verdict.signatures[0].covers_whole_file


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler's pdfsig is not installed")
@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_a_second_opinion(notary: Notary, official: Pkcs12Signer, level: Level, tmp_path: Path) -> None:
    file = tmp_path / "signed.pdf"
    file.write_bytes(sign(notary, official, level).pdf)
    said = subprocess.run(["pdfsig", "-no-ocsp", file], capture_output=True, text=True).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said


TIMESTAMP_FAULTS = {
    "down": "timestamp-unavailable",
    "rejects": "timestamp-unavailable",
    "rubbish": "timestamp-wrong",
    "other_nonce": "timestamp-wrong",
    "other_hash": "timestamp-wrong",
    "stranger": "timestamp-wrong",
    "wrong_time": "timestamp-wrong",
}


@pytest.mark.parametrize("known", [True, False], ids=["mid-way", "from-the-start"])
@pytest.mark.parametrize("fault", TIMESTAMP_FAULTS)
def test_a_wrong_timestamp_is_no_signature(
    notary: Notary, official: Pkcs12Signer, services: DevelopmentPki, fault: str, known: bool
) -> None:
    if known:
        sign(notary, official)
    services.faults(tsa=fault)
    with pytest.raises(NotNowError) as trouble:
        sign(notary, official)
    assert trouble.value.code == TIMESTAMP_FAULTS[fault]
    services.faults(tsa="ok")
    assert sign(notary, official).verdict.valid


def test_a_timestamp_authority_that_hangs_is_not_waited_for(
    services: DevelopmentPki, status: StatusDesk, official: Pkcs12Signer
) -> None:
    services.faults(tsa="hang", hang_seconds=5)
    with httpx.Client(timeout=0.2, trust_env=False) as hasty:
        desk = TimestampDesk(f"{services.url}/tsa", services.trust, hasty)
        with pytest.raises(NotNowError) as trouble:
            sign(Notary(services.trust, Level.B_T, status, desk), official)
    assert trouble.value.code == "timestamp-unavailable"


def test_the_process_is_stopped_and_started(
    services: DevelopmentPki, notary: Notary, official: Pkcs12Signer
) -> None:
    sign(notary, official)
    services.stop(kill=True)
    try:
        with pytest.raises(NotNowError) as trouble:
            sign(notary, official)
        assert trouble.value.code == "timestamp-unavailable"
    finally:
        services.start()
    services.clock(AT)
    assert sign(notary, official).verdict.valid


def test_a_revoked_signer_gets_no_signature(notary: Notary, services: DevelopmentPki) -> None:
    head = Pkcs12Signer(Keystore(services.folder).signer(samples.HEAD))
    sign(notary, head)
    services.revoke(head.certificate.serial_number)
    services.clock(later := AT + timedelta(minutes=11))
    with pytest.raises(CannotSignError) as refused:
        notary.sign(head, samples.unsigned(), field="official", reason="", location="", signed_at=later)
    assert refused.value.code == "certificate-revoked"


def test_a_revoked_timestamp_authority_proves_nothing(
    notary: Notary, official: Pkcs12Signer, services: DevelopmentPki
) -> None:
    period = {"valid_from": "2024-01-01T00:00:00Z", "valid_to": "2030-01-01T00:00:00Z"}
    made = services.admin("POST", "/timestamper", period)
    services.revoke(made["serial"])
    with pytest.raises(NotNowError) as trouble:
        sign(notary, official)
    assert trouble.value.code == "timestamp-wrong"
    services.admin("POST", "/timestamper", period)
    assert sign(notary, official).verdict.valid


def test_a_timestamp_authority_not_valid_then_proves_nothing(
    notary: Notary, official: Pkcs12Signer, services: DevelopmentPki
) -> None:
    later = {"valid_from": "2025-06-01T00:00:00Z", "valid_to": "2030-01-01T00:00:00Z"}
    services.admin("POST", "/timestamper", later)
    for level in (Level.B_T, Level.B_LT):
        with pytest.raises(NotNowError) as trouble:
            sign(notary, official, level)
        assert trouble.value.code == "timestamp-wrong"
    services.admin("POST", "/timestamper", {**later, "valid_from": "2024-01-01T00:00:00Z"})
    assert sign(notary, official).verdict.valid


def test_another_timestamp_key_between_two_signatures(
    notary: Notary, official: Pkcs12Signer, services: DevelopmentPki
) -> None:
    sign(notary, official)
    period = {"valid_from": "2024-01-01T00:00:00Z", "valid_to": "2030-01-01T00:00:00Z"}
    services.admin("POST", "/timestamper", period)
    with pytest.raises(NotNowError):
        sign(notary, official)
    assert sign(notary, official).verdict.valid, "the next attempt knows the new certificate"


def test_settings_make_a_notary_or_say_what_is_missing(services: DevelopmentPki, tmp_path: Path) -> None:
    here = {"data": tmp_path, "pki": services.folder}
    with closing(notary_of(Settings(**here))) as usual:
        assert usual.level is Level.B_B
    made = notary_of(Settings(**here, pki_url=services.url, signature_level="B-LT"))
    official = Pkcs12Signer(Keystore(services.folder).signer(samples.OFFICIAL))
    services.clock(AT)
    with closing(made):
        assert sign(made, official).verdict.valid
    with pytest.raises(HosoError, match="HOSO_TSA_URL"):
        notary_of(Settings(**here, signature_level="B-T"))
    with pytest.raises(HosoError, match="HOSO_REVOCATION"):
        notary_of(Settings(**here, signature_level="B-LT", pki_url=services.url, revocation="off"))
