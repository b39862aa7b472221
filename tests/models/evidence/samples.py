"""Documents, keys and hostile copies that several tests need. Everything in them is invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

from activities.documents.header import DossierHeader, SignaturePlace, Slip
from activities.documents.profile import render_profile
from activities.documents.slip import render_slip
from activities.signing.issuing import Issued, SignerName, issue_authority, issue_root, issue_signer
from activities.signing.signer import Pkcs12Signer
from models.evidence import Anchor, TrustList
from models.form.normal import canonical

ISSUED_AT = datetime(2025, 3, 28, 2, 0, tzinfo=UTC)
FIRST_AT = datetime(2025, 3, 28, 2, 5, tzinfo=UTC)
SECOND_AT = datetime(2025, 3, 28, 3, 5, tzinfo=UTC)
READ_AT = datetime(2026, 1, 5, tzinfo=UTC)

OFFICIAL = SignerName("Nguyễn Thị Ngọc Ánh", "Sở Nội vụ thành phố Hà Nội", "Chuyên viên", "acc-official")
HEAD = SignerName("Trần Văn Đức", "Sở Nội vụ thành phố Hà Nội", "Giám đốc", "acc-head")
HEADER = DossierHeader("HS-2025-000123", "Ủy ban nhân dân thành phố Hà Nội", "Sở Nội vụ", 3)

CONTENT: dict[str, Any] = {
    "staff_number": "CC-0042",
    "record_code": "H26.12-0042",
    "birth_full_name": "NGUYỄN THỊ NGỌC ÁNH",
    "gender": "female",
    "birth_date": "1985-04-30",
    "citizen_id_number": "000185001234",
    "first_recruited_on": "2008-09",
    "rank_code": "01.002",
    "salary_coefficient": "5.08",
    "position_salary_amount": "12345678",
    "education": [{"from_month": "2003-09", "institution": "Trường Đại học Luật Hà Nội"}],
    "family_members": [
        {"side": "own", "relation": "father", "full_name": "Nguyễn Văn Đẩu", "birth_year": "1955"},
        {"side": "spouse", "relation": "mother", "full_name": "Lê Thị Ưởng", "birth_year": "1958"},
    ],
    "employer_assessment": "Hoàn thành tốt nhiệm vụ.\nCó tinh thần trách nhiệm.",
}


@cache
def root() -> Issued:
    """A root of our own."""
    return issue_root("CA gốc của phép thử")


@cache
def authority() -> Issued:
    """The authority that issues to signers."""
    return issue_authority(root(), "CA cấp phát của phép thử")


@cache
def trust() -> TrustList:
    """A reader who accepts our root only."""
    return TrustList.of([Anchor("CA gốc của phép thử", root().der())])


@cache
def signer(name: SignerName = OFFICIAL, kind: str = "ec") -> Pkcs12Signer:
    """An honest signer under our root."""
    return Pkcs12Signer(issue_signer(authority(), name, kind="rsa" if kind == "rsa" else "ec"))


@cache
def unsigned(marker: str = "") -> bytes:
    """A rendered dossier with empty fields; another marker makes another content."""
    content = CONTENT | ({"work_strength": marker} if marker else {})
    header = replace(HEADER, code=HEADER.code + marker)
    return render_profile(content, header, canonical(content), ISSUED_AT)


def sign(pdf: bytes, by: Pkcs12Signer, field: str = "official", at: datetime = FIRST_AT) -> bytes:
    """One more signature."""
    return by.sign_pdf(pdf, field=field, reason="Phép thử", location="Hà Nội", signed_at=at)


@cache
def small_blank(marker: str = "") -> bytes:
    """A slip of one page with two empty fields: for tests that judge or sign many copies."""
    places = (SignaturePlace("official", "Bên giao"), SignaturePlace("authority", "Bên nhận"))
    slip = Slip("Phiếu chuyển hồ sơ", "Điều 9", (), (), places)
    content = CONTENT | ({"work_strength": marker} if marker else {})
    return render_slip(slip, replace(HEADER, code=HEADER.code + marker), canonical(content), ISSUED_AT)


@cache
def small_once() -> bytes:
    """The same slip, signed once."""
    return sign(small_blank(), signer(OFFICIAL))


@cache
def small_twice() -> bytes:
    """The same slip with its second signature."""
    return sign(small_once(), signer(HEAD), "authority", SECOND_AT)


@cache
def signed_once() -> bytes:
    """Signed by the official."""
    return sign(unsigned(), signer(OFFICIAL))


@cache
def signed_twice() -> bytes:
    """Signed by the official, then by the head."""
    return sign(signed_once(), signer(HEAD), "authority", SECOND_AT)


def container(pdf: bytes) -> tuple[int, int]:
    """Where the hex digits of the last signature begin and end."""
    signature = PdfFileReader(BytesIO(pdf)).embedded_signatures[-1]
    return signature.byte_range[1] + 1, signature.byte_range[2] - 1
