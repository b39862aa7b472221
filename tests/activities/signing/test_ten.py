"""Ten signatures on one file, one after another, then renewals for the archive; pdfsig agrees."""

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.documents.header import SignaturePlace, Slip
from activities.documents.slip import render_slip
from activities.signing.assurance import Level
from activities.signing.errors import CannotSignError, NotNowError
from activities.signing.issuing import SignerName
from activities.signing.keystore import Keystore
from activities.signing.notary import Notary, SignedFile
from activities.signing.signer import Pkcs12Signer
from models.evidence import verify
from models.form.normal import canonical
from tests.models.evidence import samples
from tests.pki import DevelopmentPki

STEPS = (
    ("official", "Người khai", "ec"),
    ("officer", "Cán bộ tổ chức", "rsa"),
    ("hr_head", "Trưởng phòng Tổ chức cán bộ", "ec"),
    ("unit_deputy", "Phó thủ trưởng đơn vị", "rsa"),
    ("unit_head", "Thủ trưởng đơn vị", "ec"),
    ("sub_deputy", "Phó chi cục trưởng", "ec"),
    ("sub_head", "Chi cục trưởng", "rsa"),
    ("department", "Phòng nghiệp vụ", "ec"),
    ("ministry_officer", "Chuyên viên Vụ Tổ chức cán bộ", "ec"),
    ("ministry", "Vụ trưởng Vụ Tổ chức cán bộ", "rsa"),
)
HOUR = timedelta(hours=1)


def blank() -> bytes:
    """A slip with ten empty fields, all laid out before anybody signs."""
    places = tuple(SignaturePlace(field, title) for field, title, _ in STEPS)
    slip = Slip("Phiếu chuyển hồ sơ", "Điều 9", (), (), places)
    header = replace(samples.HEADER, code="HS-TEN")
    return render_slip(slip, header, canonical(samples.CONTENT), samples.ISSUED_AT)


def signed_by(
    services: DevelopmentPki, notary: Notary, pdf: bytes, step: int, level: Level = Level.B_LT
) -> SignedFile:
    field, title, kind = STEPS[step]
    name = SignerName(f"Người ký thứ {step}", "Bộ Nội vụ", title, f"acc-ten-{step}")
    signer = Pkcs12Signer(Keystore(services.folder).signer(name, "rsa" if kind == "rsa" else "ec"))
    at = samples.FIRST_AT + step * HOUR
    services.clock(at)
    return notary.sign(signer, pdf, field=field, reason="", location="", signed_at=at, level=level)


def test_ten_signatures_and_renewals(services: DevelopmentPki, notary: Notary, tmp_path: Path) -> None:
    period = {"valid_from": "2024-01-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z"}
    services.admin("POST", "/timestamper", period)
    pdf = blank()
    for step in range(10):
        made = signed_by(services, notary, pdf, step, Level.B_LTA if step == 9 else Level.B_LT)
        assert made.pdf.startswith(pdf), "no later step changes a byte an earlier one signed"
        pdf = made.pdf
    assert [one.field for one in made.verdict.signatures] == [field for field, _, _ in STEPS]
    assert {one.revocation for one in made.verdict.signatures} == {"good"}
    assert {one.level for one in made.verdict.signatures} == {"B-LTA"}, "the last timestamp is over all ten"
    assert made.archive_ends == datetime(2027, 1, 1, tzinfo=UTC)

    # Renewed before the timestamp's certificate ends, by the authority's next certificate.
    services.clock(renewed_at := datetime(2026, 11, 1, tzinfo=UTC))
    services.admin(
        "POST", "/timestamper", {"valid_from": "2026-10-01T00:00:00Z", "valid_to": "2030-01-01T00:00:00Z"}
    )
    notary._required().forget()
    once, ends = notary.renew(pdf, renewed_at)
    assert once.startswith(pdf)
    assert ends == datetime(2030, 1, 1, tzinfo=UTC)
    services.clock(again_at := datetime(2029, 11, 1, tzinfo=UTC))
    services.admin(
        "POST", "/timestamper", {"valid_from": "2029-10-01T00:00:00Z", "valid_to": "2033-01-01T00:00:00Z"}
    )
    notary._required().forget()
    twice, ends = notary.renew(once, again_at)
    assert ends == datetime(2033, 1, 1, tzinfo=UTC)

    read_at = datetime(2032, 6, 1, tzinfo=UTC)
    verdict = verify(twice, services.trust, at=read_at)
    assert verdict.valid, verdict.problems
    assert {one.level for one in verdict.signatures} == {"B-LTA"}
    left = verify(pdf, services.trust, at=read_at)
    # What was not renewed in time proves no more; by RSA of 2048 bits, ended by then, nothing at all.
    kinds = {field: kind for field, _, kind in STEPS}
    assert {(kinds[one.field], one.level) for one in left.signatures} == {("ec", "B-B"), ("rsa", "")}
    assert {one.code for one in left.problems} == {"algorithm-ended"}
    _second_opinion(twice, tmp_path)
    changed = _changed(twice)
    assert not verify(changed, services.trust, at=read_at).valid


def _second_opinion(pdf: bytes, folder: Path) -> None:
    if shutil.which("pdfsig") is None:
        return
    (file := folder / "ten.pdf").write_bytes(pdf)
    said = subprocess.run(["pdfsig", "-no-ocsp", file], capture_output=True, text=True).stdout
    assert said.count("Signature is Valid") == 10
    assert "Invalid" not in said


def _changed(pdf: bytes) -> bytes:
    """A new revision that puts other words onto the first page."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.update_container(page)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def test_a_later_step_cannot_sign_a_changed_file(services: DevelopmentPki, notary: Notary) -> None:
    period = {"valid_from": "2024-01-01T00:00:00Z", "valid_to": "2030-01-01T00:00:00Z"}
    services.admin("POST", "/timestamper", period)
    first = signed_by(services, notary, blank(), 0)
    with pytest.raises(CannotSignError) as refused:
        signed_by(services, notary, _changed(first.pdf), 1)
    assert refused.value.code in ("signature-not-valid", "signature-failed")


def test_a_renewal_that_gets_no_timestamp_leaves_the_file(services: DevelopmentPki, notary: Notary) -> None:
    period = {"valid_from": "2024-01-01T00:00:00Z", "valid_to": "2030-01-01T00:00:00Z"}
    services.admin("POST", "/timestamper", period)
    made = signed_by(services, notary, blank(), 0, Level.B_LTA)
    assert len(PdfFileReader(BytesIO(made.pdf)).embedded_timestamp_signatures) == 1
    later = samples.FIRST_AT + timedelta(days=300)
    services.clock(later)
    services.faults(tsa="down")
    with pytest.raises(NotNowError):
        notary.renew(made.pdf, later)
    services.faults(tsa="ok")
    assert notary.renew(made.pdf, later)[0].startswith(made.pdf)
