"""The labour contract on paper: every item with its label and value, its data attached, where to sign."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from activities.documents.errors import DocumentError
from activities.documents.header import DossierHeader
from activities.documents.profile import render_profile
from models.form import canonical, catalogue
from tests.forms import CONTRACT

FORM = catalogue("tt05_2023")
ISSUED = datetime(2026, 3, 2, 3, tzinfo=UTC)
HEADER = DossierHeader(
    code="HS-2026-000007",
    managing_authority="Ủy ban nhân dân tỉnh Phú Yên",
    employing_unit="Sở Văn hóa",
    revision=1,
    place="Tuy Hòa",
    form="tt05_2023",
    official_name="Nguyễn Thị Thử",
)
CONTENT = CONTRACT | {
    "employer_unit_id": "H44.01",
    "employer_representative": "Trần Văn Bưởi",
    "employer_rep_title": "Giám đốc",
    "employer_address": "Số 2, phố Thử",
    "clauses": "Điều khoản một.\nĐiều khoản hai.",
}


def text_of(pdf: bytes) -> str:
    pages = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return unicodedata.normalize("NFC", " ".join(pages.split()))


def test_every_item_with_its_label_and_value() -> None:
    pdf = render_profile(CONTENT, HEADER, canonical(CONTENT), ISSUED)
    text = text_of(pdf)
    for field in FORM.fields:
        assert field.label in text, field.name
    for expected in (
        "HỢP ĐỒNG LAO ĐỘNG", "Số hợp đồng: 0007/HĐLĐ", "Bên B: người lao động", "Trần Văn Bưởi",
        "Loại hợp đồng: Xác định thời hạn", "Thời hạn đến ngày: 05/01/2027", "8.000.000",
        "Điều khoản một. Điều khoản hai.", "Thông tư số 05/2023/TT-BNV", "Người lao động", "Đại diện bên A",
    ):  # fmt: skip
        assert expected in text, expected
    assert "sơ yếu lý lịch" not in text.lower()
    reader = PdfReader(BytesIO(pdf))
    assert reader.attachments["ho-so.json"] == [canonical(CONTENT)]
    assert {"official", "authority"} <= set(reader.get_fields() or {})
    assert reader.trailer["/Root"]["/Lang"].startswith("vi")
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"], "tagged for whoever listens to it"


def test_a_form_of_the_day_before_its_circular_is_unknown() -> None:
    before = datetime(2023, 6, 18, 3, tzinfo=UTC)
    with pytest.raises(DocumentError, match="tt05_2023"):
        render_profile(CONTENT, HEADER, canonical(CONTENT), before)
    assert render_profile(CONTENT, replace(HEADER, revision=2), canonical(CONTENT), ISSUED)
