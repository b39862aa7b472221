"""Signatures: made in fields laid out before, dated as asked, refused when they would be worth nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pypdf import PdfReader

from activities.signing.errors import CannotSignError
from activities.signing.issuing import SignerName, issue_signer
from activities.signing.keystore import Keystore
from activities.signing.signer import DevelopmentSigners, Pkcs12Signer, Signer
from models.evidence import verify
from tests.models.evidence import samples, weak


def test_only_bytes_are_added() -> None:
    assert samples.signed_once().startswith(samples.unsigned())
    assert samples.signed_twice().startswith(samples.signed_once())


def test_form_is_pades_b_b() -> None:
    """ETSI EN 319 142-1, table 1: time in the dictionary, not in the CMS; signing certificate named in it."""
    signature = PdfFileReader(BytesIO(samples.signed_once())).embedded_signatures[0]
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert str(signature.sig_object["/M"]).startswith("D:20250328020500")
    signed = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    assert {"content_type", "message_digest", "signing_certificate_v2"} <= signed
    assert "signing_time" not in signed
    chain = [choice.chosen for choice in signature.signed_data["certificates"]]
    assert len(chain) == 3


def test_metadata_stay_as_typeset() -> None:
    """Signing writes no clock, no tool and no second title into the document."""
    before, after = (PdfReader(BytesIO(pdf)) for pdf in (samples.unsigned(), samples.signed_twice()))
    assert before.metadata == after.metadata
    assert [one.trailer["/Root"]["/Metadata"].get_object().get_data() for one in (before, after)] == [
        before.trailer["/Root"]["/Metadata"].get_object().get_data()
    ] * 2
    assert b"pyHanko" not in samples.signed_twice()


def test_first_signature_certifies() -> None:
    certified = PdfFileReader(BytesIO(samples.signed_twice())).root["/Perms"]["/DocMDP"]
    assert certified["/Reference"][0]["/TransformParams"]["/P"] == 2


def test_visible_signature_says_who_as_what_and_when() -> None:
    fields = PdfReader(BytesIO(samples.signed_twice())).get_fields()
    assert fields is not None
    drawn = fields["authority"].indirect_reference.get_object()["/AP"]["/N"].get_object()
    (page,) = drawn["/Resources"]["/XObject"].values()
    text = _drawn_text(page.get_object())
    for expected in ("Trần Văn Đức", "Giám đốc", "Sở Nội vụ thành phố Hà Nội", "28/03/2025 10:05:00 +07:00"):
        assert expected in text


def _drawn_text(form: object) -> str:
    """Extract from a form by putting it on a page of its own."""
    from pypdf import PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, StreamObject

    writer = PdfWriter()
    page = writer.add_blank_page(300, 100)
    content = StreamObject()
    content.set_data(b"/F Do")
    forms = DictionaryObject({NameObject("/F"): form.clone(writer)})  # type: ignore[attr-defined]  # a pypdf object
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): forms})
    page[NameObject("/Contents")] = writer._add_object(content)
    output = BytesIO()
    writer.write(output)
    return PdfReader(BytesIO(output.getvalue())).pages[0].extract_text()


def test_invisible_when_asked() -> None:
    quiet = Pkcs12Signer(issue_signer(samples.authority(), samples.OFFICIAL), visible=False)
    signed = samples.sign(samples.unsigned(), quiet)
    assert verify(signed, samples.trust()).valid
    assert len(signed) < len(samples.signed_once())


def refusal(pdf: bytes, by: Pkcs12Signer, field: str = "official", at: datetime = samples.FIRST_AT) -> str:
    with pytest.raises(CannotSignError) as refused:
        samples.sign(pdf, by, field, at)
    assert "Nguyễn" not in str(refused.value)
    return refused.value.code


def test_field_already_signed() -> None:
    assert refusal(samples.signed_once(), samples.signer()) == "already-signed"


def test_no_such_field() -> None:
    assert refusal(samples.unsigned(), samples.signer(), "nobody") == "signature-field-missing"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"nonsense", b"%PDF-1.7\nstartxref\n0\n%%EOF"])
def test_not_a_pdf(data: bytes) -> None:
    assert refusal(data, samples.signer()) == "signature-failed"


@pytest.mark.parametrize("year", [2019, 2046])
def test_certificate_not_valid_at_that_time(year: int) -> None:
    at = datetime(year, 6, 1, tzinfo=UTC)
    assert refusal(samples.unsigned(), samples.signer(), at=at) == "certificate-not-valid-then"


def test_time_without_zone() -> None:
    at = datetime(2025, 6, 1)  # noqa: DTZ001 - the fault under test
    assert refusal(samples.unsigned(), samples.signer(), at=at) == "signing-time-invalid"


def test_weak_keys_refuse_to_sign() -> None:
    for signer in (weak.short_rsa(), weak.small_curve()):
        assert refusal(samples.unsigned(), Pkcs12Signer(signer._issued)) == "algorithm-not-allowed"


@pytest.fixture
def signers(tmp_path: Path) -> DevelopmentSigners:
    Keystore(tmp_path).create()
    return DevelopmentSigners(tmp_path, keep=2)


def test_signers_are_kept_open_but_not_for_ever(signers: DevelopmentSigners) -> None:
    names = [SignerName(f"Người {number}", "Sở Nội vụ", "", f"acc-{number}") for number in range(3)]
    first = signers.signer_for(names[0])
    assert signers.signer_for(names[0]) is first
    for name in names:
        signers.signer_for(name)
    assert signers.signer_for(names[0]) is not first
    assert signers.signer_for(names[0]).certificate == first.certificate


def test_development_signer_and_seal(signers: DevelopmentSigners, tmp_path: Path) -> None:
    official: Signer = signers.signer_for(samples.OFFICIAL)
    seal: Signer = signers.seal_for("agency-1", "Sở Nội vụ thành phố Hà Nội")
    once = official.sign_pdf(
        samples.unsigned(), field="official", reason="", location="", signed_at=samples.FIRST_AT
    )
    twice = seal.sign_pdf(once, field="authority", reason="", location="", signed_at=samples.SECOND_AT)
    verdict = verify(twice, Keystore(tmp_path).trust(), at=samples.READ_AT)
    assert verdict.valid, verdict.problems
    assert verdict.signatures[1].signer == "Sở Nội vụ thành phố Hà Nội"
    assert verdict.signatures[1].post == ""
    assert seal.certificate.name.serial == "agency-1"


def test_threads_may_share_a_signer() -> None:
    signer = samples.signer()
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: samples.sign(samples.unsigned(), signer), range(8)))
    assert all(verify(pdf, samples.trust()).valid for pdf in made)


def test_rsa_key_is_not_parsed_again_at_each_signature() -> None:
    """Parsing and checking an RSA key takes longer than all the rest of a signature."""
    times = {}
    for kind in ("ec", "rsa"):
        signer = samples.signer(samples.OFFICIAL, kind)
        samples.sign(samples.unsigned(), signer)
        spent = []
        for _ in range(5):
            start = time.process_time()
            samples.sign(samples.unsigned(), signer)
            spent.append(time.process_time() - start)
        times[kind] = min(spent)
    assert times["rsa"] < times["ec"] + 0.030
