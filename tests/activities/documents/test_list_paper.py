"""An approval list on paper: heads repeated, the manifest attached, archival and accessible."""

from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from activities.documents.apart import typeset_apart
from activities.documents.errors import DocumentError
from activities.documents.header import DossierHeader, SignaturePlace, SlipLine
from activities.documents.listing import PaperRow, render_list
from models.evidence.attachment import attached_data, read_statement

AT = datetime(2026, 1, 27, 3, 0, tzinfo=UTC)
MANIFEST = b'{"kind":"approval-list"}'


def paper(count: int, code: str = "DS-1", *, apart: bool = False) -> bytes:
    header = DossierHeader(
        code,
        "UBND thành phố Hà Nội",
        "Sở Văn hóa",
        1,
        places=(SignaturePlace("authority", "Người phê duyệt", "(Ký số)", dated=True, name="Người Thử"),),
    )
    rows = [
        PaperRow(
            f"HS-{n}", f"Nguyễn Thị Thử {n}", "Ngày sinh; Hệ số lương", sha256(str(n).encode()).hexdigest()
        )
        for n in range(count)
    ]
    facts = (SlipLine("Số hồ sơ", str(count)),)
    return render_list(rows, "Tháng 2026-01", facts, "Quy chế, Điều 7", header, MANIFEST, AT, apart=apart)


def root_of(pdf: bytes) -> Any:
    return PdfFileReader(BytesIO(pdf)).root


def test_the_manifest_is_attached_and_stated() -> None:
    reader = PdfFileReader(BytesIO(paper(3)))
    assert set(attached_data(reader)) == {MANIFEST}
    stated = read_statement(reader)
    assert (stated.code, stated.digest) == ("DS-1", sha256(MANIFEST).hexdigest())


def test_it_is_archival_and_accessible() -> None:
    root = root_of(paper(3))
    metadata = root["/Metadata"].data.decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert root["/MarkInfo"]["/Marked"]
    fields = [one.get_object() for one in root["/AcroForm"]["/Fields"]]
    assert [(one["/T"], one.get("/V")) for one in fields] == [
        ("authority", None),
        ("authority-competence", None),
    ]


def test_long_lists_break_across_pages() -> None:
    assert root_of(paper(120))["/Pages"]["/Count"] > 3


def test_the_same_list_gives_the_same_bytes() -> None:
    assert paper(5) == paper(5)


def test_a_code_that_cannot_be_stated_is_refused() -> None:
    with pytest.raises(DocumentError) as told:
        paper(1, code="DS 1")
    assert told.value.code == "document-code-invalid"


def test_in_a_process_of_its_own_it_is_the_same() -> None:
    assert paper(3, apart=True) == paper(3)
    with pytest.raises(DocumentError) as told:
        typeset_apart("list.typ", {}, issued_at=AT)
    assert told.value.code == "rendering-failed"
