"""The rendered form: every word arrives, in order, on paper and for machines."""

import os
import re
import shutil
import subprocess
import time
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from activities.documents.errors import DocumentError
from activities.documents.header import HandedOver, SignaturePlace, Slip, SlipLine
from activities.documents.profile import form_in_force, render_profile
from activities.documents.slip import render_slip
from models.evidence.attachment import CONTENT_NAME
from models.form.fields import catalogue
from models.form.normal import canonical, digest
from tests.models.evidence import samples

VOWELS = "aăâeêioôơuưy"
TONES = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
LETTERS = sorted(
    {
        unicodedata.normalize("NFC", case(vowel + tone))
        for vowel in VOWELS
        for tone in TONES
        for case in (str.lower, str.upper)
    }
    | set("đĐbcdghklmnpqrstvxBCDGHKLMNPQRSTVX")
)

_FOOT = re.compile(r"Mã tài liệu.*?Trang \d+/\d+", re.DOTALL)


def render(content: dict[str, Any], **header: Any) -> bytes:
    return render_profile(content, replace(samples.HEADER, **header), canonical(content), samples.ISSUED_AT)


def text_of(pdf: bytes) -> str:
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    shown = [_FOOT.sub("", page) for page in pages]
    return unicodedata.normalize("NFC", " ".join(" ".join(shown).split()))


def test_all_letters_are_known() -> None:
    assert len(LETTERS) == 2 * 72 + 2 + 2 * 16


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_vietnamese_letter(form: Any) -> None:
    words = [f"x{letter}x" for letter in LETTERS]
    content = {"work_strength": unicodedata.normalize(form, " ".join(words))}
    text = text_of(render(content))
    assert [word for word in words if word not in text] == []


def test_letters_by_a_second_reader(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("pdftotext is missing: install poppler-utils")
        pytest.skip("pdftotext is missing: install poppler-utils")
    words = [f"x{letter}x" for letter in LETTERS]
    file = tmp_path / "letters.pdf"
    file.write_bytes(render({"work_strength": unicodedata.normalize("NFD", " ".join(words))}))
    said = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(file), "-"], capture_output=True, check=True
    ).stdout
    found = unicodedata.normalize("NFC", said.decode())
    assert [word for word in words if word not in found] == []


def test_every_item_in_order_with_its_label() -> None:
    text = text_of(render(samples.CONTENT))
    position = 0
    for field in catalogue("tt06_2023").fields:
        if field.item.startswith("H") or field.name == "family_members":
            continue
        found = text.find(f"{field.item})", position)
        assert found >= 0, field.item
        position = found
        assert " ".join(field.label.split()) in text, field.label
    for number in range(1, 39):
        assert f"{number})" in text


def test_values_in_the_words_of_the_form() -> None:
    text = text_of(render(samples.CONTENT))
    for expected in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Giới tính: Nữ",
        "Ngày sinh: 30/04/1985",
        "Ngày được tuyển dụng lần đầu: 09/2008",
        "Hệ số lương: 5,08",
        "12.345.678",
        "Mã số ngạch, chức danh nghề nghiệp: 01.002;",
        "36.2) Về bên vợ hoặc chồng",
        "Hà Nội, ngày 28 tháng 3 năm 2025",
        "Người khai",
        "Xác nhận của cơ quan, đơn vị quản lý",
    ):
        assert expected in text, expected


def test_family_on_both_sides_stands_under_its_own_title() -> None:
    text = text_of(render(samples.CONTENT))
    assert (
        text.index("36.1)") < text.index("Nguyễn Văn Đẩu") < text.index("36.2)") < text.index("Lê Thị Ưởng")
    )


def test_long_table_repeats_its_head_on_each_page() -> None:
    rows = [
        {
            "from_month": f"{1990 + number // 4}-{1 + 3 * (number % 4):02}",
            "unit_text": f"Đơn vị số {number:03}",
            "title": "x",
        }
        for number in range(120)
    ]
    pdf = render({"work_history": rows})
    with_rows = [
        page for page in (one.extract_text() for one in PdfReader(BytesIO(pdf)).pages) if "Đơn vị số" in page
    ]
    assert len(with_rows) >= 3
    assert all("Chức danh, chức vụ" in page for page in with_rows)
    text = text_of(pdf)
    assert all(f"Đơn vị số {number:03}" in text for number in range(120))


def test_foot_of_every_page() -> None:
    pages = PdfReader(BytesIO(render(samples.CONTENT))).pages
    for number, page in enumerate(pages, start=1):
        foot = page.extract_text()
        for expected in (
            f"Trang {number}/{len(pages)}",
            "HS-2025-000123",
            "tt06_2023",
            digest(samples.CONTENT),
        ):
            assert expected in foot


def test_attached_data_and_statements() -> None:
    pdf = render(samples.CONTENT)
    reader = PdfReader(BytesIO(pdf))
    assert reader.attachments[CONTENT_NAME] == [canonical(samples.CONTENT)]
    specification = reader.trailer["/Root"]["/AF"][0].get_object()
    assert specification["/AFRelationship"] == "/Source"
    assert reader.metadata is not None
    assert "hoso-code:HS-2025-000123" in reader.metadata["/Keywords"]


def test_claims_pdf_a_3a_and_pdf_ua_1() -> None:
    reader = PdfReader(BytesIO(render(samples.CONTENT)))
    claimed = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in claimed
    assert "<pdfuaid:part>1</pdfuaid:part>" in claimed
    assert reader.trailer["/Root"]["/Lang"] == "vi"


def test_every_font_is_embedded() -> None:
    reader = PdfReader(BytesIO(samples.signed_twice()))
    fonts = [one.get_object() for page in reader.pages for one in page["/Resources"]["/Font"].values()]
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile3" in descriptor or "/FontFile2" in descriptor
        assert "LibertinusSerif" in font["/BaseFont"]


def test_signature_fields_are_tagged_named_and_drawn() -> None:
    reader = PdfReader(BytesIO(render(samples.CONTENT)))
    everything = reader.get_fields() or {}
    # Beside each lies an empty place for a record of competence, which no page shows.
    records = {name: field for name, field in everything.items() if field["/FT"] == "/Tx"}
    assert list(records) == ["official-competence", "authority-competence"]
    assert all("/V" not in one and "/Kids" not in one for one in records.values())
    fields = {name: field for name, field in everything.items() if field["/FT"] == "/Sig"}
    assert list(fields) == ["official", "authority"]
    tree = reader.trailer["/Root"]["/StructTreeRoot"]
    parents = list(tree["/ParentTree"]["/Nums"])
    by_key = dict(zip(parents[0::2], parents[1::2], strict=True))
    for field in fields.values():
        widget = field.indirect_reference.get_object()
        assert widget["/TU"].startswith("Chữ ký số: ")
        assert "/N" in widget["/AP"]
        element = by_key[widget["/StructParent"]].get_object()
        assert element["/S"] == "/Form"
        assert element["/K"]["/Obj"].get_object() == widget
        assert widget["/P"].get_object()["/Tabs"] == "/S"
    assert list(parents[0::2]) == sorted(parents[0::2])


def test_same_input_same_bytes() -> None:
    first = render(samples.CONTENT)
    time.sleep(1.1)  # a date written from the machine's clock would differ by now
    assert render(samples.CONTENT) == first
    later = datetime(2025, 3, 28, 2, 1, tzinfo=UTC)
    other = render_profile(samples.CONTENT, samples.HEADER, canonical(samples.CONTENT), later)
    assert other != render(samples.CONTENT)


def signed_in(reader: PdfReader) -> list[str]:
    """Names of the fields laid out for signatures."""
    return [name for name, one in (reader.get_fields() or {}).items() if one["/FT"] == "/Sig"]


def test_own_signature_places() -> None:
    places = (
        SignaturePlace("unit", "Thủ trưởng đơn vị"),
        SignaturePlace("department", "Sở Nội vụ", dated=True),
    )
    assert signed_in(PdfReader(BytesIO(render(samples.CONTENT, places=places)))) == ["unit", "department"]


def test_photo() -> None:
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000"
        "040001f61738550000000049454e44ae426082"
    )
    page = PdfReader(BytesIO(render(samples.CONTENT, photo=png))).pages[0]
    assert len(page.images) == 1
    assert "Ảnh màu" not in page.extract_text()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"form": "tt99_2099"}, "form-unknown"),
        ({"code": "hai tu"}, "document-code-invalid"),
        ({"photo": b"no image"}, "rendering-failed"),
    ],
)
def test_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(DocumentError) as refused:
        render(samples.CONTENT, **change)
    assert refused.value.code == code
    assert "NGUYỄN" not in str(refused.value)


def test_form_before_it_was_in_force() -> None:
    from datetime import date

    assert form_in_force("tt06_2023", date(2023, 5, 4))["template"] == "profile.typ"
    with pytest.raises(DocumentError) as refused:
        form_in_force("tt06_2023", date(2023, 5, 3))
    assert refused.value.code == "form-unknown"


@pytest.mark.parametrize(
    "attached", [b"", b"{}", b'{"birth_full_name": "X"}', canonical(samples.CONTENT) + b" "]
)
def test_data_that_is_not_the_content(attached: bytes) -> None:
    with pytest.raises(DocumentError) as refused:
        render_profile(samples.CONTENT, samples.HEADER, attached, samples.ISSUED_AT)
    assert refused.value.code == "content-mismatch"


def test_typst_markup_in_content_is_only_text() -> None:
    hostile = '#panic("x") *đậm* $x^2$ @nhan <nhan> \\ // ghi chú `mã` #include "common.typ"'
    assert hostile in text_of(render({"work_strength": hostile}))


def test_empty_content_prints_the_whole_form() -> None:
    assert "38)" in text_of(render({}))


def test_slip() -> None:
    slip = Slip(
        "Phiếu chuyển hồ sơ",
        "Điều 9",
        (SlipLine("Họ và tên", "Nguyễn Thị Ngọc Ánh"), SlipLine("Chuyển đến", "Sở Tài chính")),
        (HandedOver("Quyết định tuyển dụng", "2 tờ"),),
        (SignaturePlace("hand_over", "Bên giao"), SignaturePlace("acceptance", "Bên nhận", dated=True)),
    )
    pdf = render_slip(slip, samples.HEADER, b'{"kind":"transfer"}', samples.ISSUED_AT)
    reader = PdfReader(BytesIO(pdf))
    assert signed_in(reader) == ["hand_over", "acceptance"]
    text = text_of(pdf)
    for expected in (
        "PHIẾU CHUYỂN HỒ SƠ",
        "Chuyển đến: Sở Tài chính",
        "Quyết định tuyển dụng",
        "2 tờ",
        "Bên nhận",
    ):
        assert expected in text
    assert reader.attachments[CONTENT_NAME] == [b'{"kind":"transfer"}']
