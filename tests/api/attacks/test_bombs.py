"""XML that grows, reaches out or repeats itself, wherever XML is read at all: the parts of a workbook.

Everything else that is made of XML (documents, pictures of lines, spreadsheets of other kinds) is not taken.
"""

import zipfile
from io import BytesIO
from time import process_time
from uuid import UUID, uuid4

import pytest

from tests.activities.imports.books import book, someone
from tests.api.attacks.test_requests import theirs
from tests.api.reading.world import Caller, code_of

__all__ = ["theirs"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LAUGHS = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(10)
)
BILLION = f"{LAUGHS}]><worksheet><sheetData><row><c><v>&k;</v></c></row></sheetData></worksheet>"
QUADRATIC = '<!DOCTYPE l [<!ENTITY a "' + "x" * 50_000 + '">]><worksheet>' + "&a;" * 50_000 + "</worksheet>"
OUTSIDE = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'
FETCHED = '<!DOCTYPE l SYSTEM "http://127.0.0.1:9/evil.dtd"><worksheet/>'
DEEP = "<worksheet>" + "<a>" * 1_000_000 + "</a>" * 1_000_000 + "</worksheet>"
PARTS = ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml")


def with_part(name: str, content: str) -> bytes:
    """A good workbook in which one part is another."""
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(book([someone(1)]))) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in good.namelist():
            if entry != name:
                made.writestr(entry, good.read(entry))
        made.writestr(name, content)
    return out.getvalue()


async def uploaded(caller: Caller, data: bytes) -> tuple[int, str]:
    answer = await caller.post(
        "/imports", files={"file": ("so.xlsx", data, XLSX)}, headers={"Idempotency-Key": uuid4().hex}
    )
    return code_of(answer)


@pytest.mark.parametrize("part", [*PARTS, "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize(
    "bomb", [BILLION, QUADRATIC, OUTSIDE, FETCHED], ids=["laughs", "quadratic", "file", "url"]
)
async def test_xml_bombs_in_any_part_of_a_workbook_are_refused_unopened(
    caller: Caller, part: str, bomb: str
) -> None:
    await caller.login("admin")
    before = process_time()
    code = await uploaded(caller, with_part(part, bomb))
    assert code in {(422, "import-unreadable"), (413, "import-too-large")}, code
    assert process_time() - before < 3


async def test_xml_bombs_by_depth_cost_a_bounded_walk(caller: Caller) -> None:
    await caller.login("admin")
    assert (await uploaded(caller, with_part("xl/styles.xml", DEEP)))[0] in (413, 422)


@pytest.mark.parametrize(
    ("name", "media_type", "data"),
    [
        (
            "a.svg",
            "image/svg+xml",
            f"{LAUGHS}]><svg xmlns='http://www.w3.org/2000/svg'><text>&k;</text></svg>",
        ),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", BILLION),
        ("a.xml", "application/xml", BILLION),
        ("a.png", "image/png", BILLION),
        ("a.pdf", "application/pdf", BILLION),
    ],
)
async def test_xml_is_no_attachment_whatever_it_is_called(
    caller: Caller, theirs: UUID, name: str, media_type: str, data: str
) -> None:
    await caller.login("hr.a")
    answer = await caller.post(
        f"/profiles/{theirs}/attachments",
        files={"file": (name, data.encode(), media_type)},
        headers={"Idempotency-Key": uuid4().hex},
    )
    assert answer.status_code in (415, 422), answer.text
    assert "root:" not in answer.text
