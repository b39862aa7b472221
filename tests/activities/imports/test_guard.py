"""What is refused before any reader of workbooks sees it; nothing a file says of itself is believed."""

import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from models.documents import FolderBlobs
from models.errors import RefusedError
from models.workbook_guard import check_workbook, column_letters, column_number
from models.workbook_vault import WorkbookMissingError, WorkbookVault

from .books import book, someone

LIMIT = 30 * 1024 * 1024
SHEET = "xl/worksheets/sheet1.xml"


RELATIONS = "xl/_rels/workbook.xml.rels"


def package(target: str = "worksheets/sheet1.xml", **entries: bytes) -> bytes:
    """A package with one sheet, which the test may give, and what else it gives."""
    book = '<workbook xmlns:r="u"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>'
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("xl/workbook.xml", book)
        made.writestr(RELATIONS, f'<Relationships><Relationship Id="r1" Target="{target}"/></Relationships>')
        for name, content in {"xl__worksheets__sheet1": b"<worksheet/>", **entries}.items():
            made.writestr(name.replace("__", "/") + ".xml", content)
    return out.getvalue()


def sheet(cells: str, declaration: str = "") -> bytes:
    rows = f"<worksheet><sheetData>{cells}</sheetData></worksheet>"
    return package(xl__worksheets__sheet1=(declaration + rows).encode())


def code(data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(RefusedError) as refused:
        check_workbook(data, limit)
    return refused.value.refusal.code


def test_a_workbook_passes() -> None:
    check_workbook(book([someone(1)]), LIMIT)


def test_the_size_as_uploaded_is_limited_to_the_byte() -> None:
    data = book([someone(1)])
    check_workbook(data, len(data))
    assert code(data, len(data) - 1) == "import-too-large"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"%PDF-1.7 not a workbook",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),  # the old .xls container
        b"PK\x05\x06" + bytes(18),  # an empty package
    ],
)
def test_what_is_no_package_is_unreadable(data: bytes) -> None:
    assert code(data) == "import-unreadable"


def test_every_truncation_is_unreadable() -> None:
    data = book([someone(1)])
    for cut in range(0, len(data), max(1, len(data) // 40)):
        assert code(data[:cut]) == "import-unreadable"


def test_a_flipped_byte_is_refused_by_the_checksum() -> None:
    data = bytearray(sheet('<row r="1"><c r="A1"><v>' + "7" * 4000 + "</v></c></row>"))
    at = data.index(SHEET.encode()) + len(SHEET) + 10
    data[at] ^= 0xFF
    assert code(bytes(data)) == "import-unreadable"


def test_a_bomb_is_too_large() -> None:
    data = package(xl__media__image=b" " * (200 * 1024 * 1024))
    assert len(data) < 300_000
    assert code(data) == "import-too-large"


def test_a_bomb_that_lies_about_its_size_is_too_large() -> None:
    size = 64 * 1024 * 1024
    data = bytearray(package(xl__media__image=b" " * size))
    at = 0
    while (at := data.find(struct.pack("<I", size), at)) >= 0:  # in its own header and in the directory
        data[at : at + 4] = struct.pack("<I", 10)
        at += 4
    with zipfile.ZipFile(BytesIO(data)) as lying:
        assert lying.getinfo("xl/media/image.xml").file_size == 10
    assert code(bytes(data)) == "import-too-large"


def test_too_many_entries() -> None:
    many = {f"e{n}": b"" for n in range(1_000)}
    assert code(package(**many)) == "import-too-large"


def test_one_cell_in_the_last_corner_asks_for_the_whole_rectangle() -> None:
    corner = '<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"/></row>'
    assert code(sheet(corner)) == "import-too-large"


@pytest.mark.parametrize(
    "cells",
    [
        '<row><c r="A1"/></row><row r="1048576"><c r="XFD1048576"/></row>',
        "<row r='1048576'><c r='XFD1'/></row>",
        '<x:row xmlns:x="u" r="1048576"><x:c r="XFD1"/></x:row>',
        '<row r="1"><c r="XFD&#49;048576"/></row>',
        '<row r="1048570"/>' + "<row/>" * 6 + '<row r="1"><c r="XFC1"/><c/></row>',
    ],
)
def test_other_spellings_of_the_corner(cells: str) -> None:
    assert code(sheet(cells)) == "import-too-large"


@pytest.mark.parametrize("address", ["1A", "a1", "AAAA1", "A", "A-1", "A1.5", ""])
def test_an_address_that_is_none(address: str) -> None:
    assert code(sheet(f'<row r="1"><c r="{address}"/></row>')) == "import-unreadable"


def test_a_sheet_with_declarations_of_its_own() -> None:
    laughs = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    assert code(sheet("&b;", laughs)) == "import-unreadable"


def test_a_sheet_that_is_not_closed() -> None:
    assert code(package(xl__worksheets__sheet1=b"<worksheet><row>")) == "import-unreadable"


def test_an_encrypted_entry() -> None:
    data = bytearray(package())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature)
        data[at + offset] |= 1
    assert code(bytes(data)) == "import-unreadable"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_readers_disagree_on(method: int) -> None:
    out = BytesIO(package())
    with zipfile.ZipFile(out, "a", method) as made:
        made.writestr("xl/other.xml", "x" * 100)
    assert code(out.getvalue()) == "import-unreadable"


def test_two_entries_of_one_name() -> None:
    out = BytesIO(package())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(out, "a") as made:
        made.writestr("xl/workbook.xml", "<other/>")
    assert code(out.getvalue()) == "import-unreadable"


@pytest.mark.parametrize("missing", ["[Content_Types].xml", "xl/workbook.xml"])
def test_a_package_that_is_no_workbook(missing: str) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in {"[Content_Types].xml", "xl/workbook.xml", "word/document.xml"} - {missing}:
            made.writestr(name, "<x/>")
    assert code(out.getvalue()) == "import-unreadable"


@pytest.mark.parametrize(
    "target",
    [
        "media/sheet.bin",
        "worksheets/none.xml",
        "../xl/worksheets/sheet1.xml",
        "workbook.xml",
        "/evil.xml",
        "",
    ],
)
def test_a_sheet_that_lies_where_none_was_walked(target: str) -> None:
    assert code(package(target)) == "import-unreadable"


def test_error_cells_are_named_for_readers_show_them_empty() -> None:
    cells = '<row r="4"><c r="B4" t="e"><v>#N/A</v></c><c t="e"/><c r="F4" t="s"/></row><row><c t="e"/></row>'
    assert check_workbook(sheet(cells), LIMIT) == {"A": {(4, 2), (4, 3), (5, 1)}}
    assert check_workbook(sheet('<row r="1"><c r="A1"/></row>'), LIMIT) == {}


def test_letters_and_numbers_are_inverse() -> None:
    assert [column_letters(n) for n in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert all(column_number(column_letters(n)) == n for n in range(1, 16385))


def test_the_vault_keeps_nothing_in_clear(tools: Callable[[Path], WorkbookVault], tmp_path: Path) -> None:
    from uuid import uuid4

    vault, authority = tools(tmp_path), uuid4()
    digest = vault.keep(authority, b"so can cuoc 000000000001")
    assert vault.keep(authority, b"so can cuoc 000000000001") == digest
    (path,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert b"000000000001" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert vault.fetch(authority, digest) == b"so can cuoc 000000000001"
    with pytest.raises(WorkbookMissingError):
        vault.fetch(uuid4(), digest)


def test_an_altered_workbook_does_not_open(tools: Callable[[Path], WorkbookVault], tmp_path: Path) -> None:
    from uuid import uuid4

    from models.errors import SealBrokenError

    vault, authority = tools(tmp_path), uuid4()
    digest = vault.keep(authority, b"content")
    (path,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SealBrokenError):
        vault.fetch(authority, digest)


@pytest.fixture
def tools(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], WorkbookVault]:
    """A maker of vaults with keys of their own."""
    from models.keys import FieldCipher, ensure_keyring

    keys = tmp_path_factory.mktemp("keys")
    ring = ensure_keyring(keys / "ring.json", None, keys / "master.key")
    return lambda folder: WorkbookVault(FolderBlobs(folder), FieldCipher(ring))
