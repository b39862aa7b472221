"""Is this upload a workbook that may be read? Answered before any reader of workbooks sees a byte.

Nothing the file says about itself is believed: every entry is inflated and counted, and the cells' addresses
are walked, because a reader lays a sheet out as a full rectangle and one cell in the last corner asks for all
of it. (ECMA-376 Part 2 for the package, Part 1 §18.3 for sheets.)
"""

import re
from collections.abc import Collection, Mapping
from io import BytesIO
from unicodedata import normalize
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
from zlib import error as InflateError  # noqa: N812 — zlib's own name says nothing

from models.errors import RefusedError

MOST_ENTRIES = 1_000
MOST_INFLATED = 320 * 1024 * 1024
"""Bytes of all entries together once inflated; 10,000 people take about 120 MiB."""
STEEPEST = 150
"""Inflated bytes per stored byte of an entry over 1 MiB; sheets of people lie near 12."""
MOST_CELLS = 6_000_000
"""Cells of the rectangle a sheet spans; 10,000 people take about 1 million."""

_CHUNK = 1 << 18
_MIB = 1 << 20
_LETTERS = re.compile(r"[A-Z]{1,3}")
_NEEDED = ("[Content_Types].xml", "xl/workbook.xml")


Errors = Mapping[str, frozenset[tuple[int, int]]]
"""Sheet title → (row, column) of the cells that show a spreadsheet's own error (#REF!, #N/A …)."""


def check_workbook(data: bytes, most_bytes: int) -> Errors:
    """Refuse what is no readable workbook of a bearable size. Linear in the inflated size.

    Answers where cells show errors: readers give them as empty, and an import must not take them for that.

    Raises:
        RefusedError: ``import-too-large`` (bytes as uploaded, inflated, ratio, entries, cells) or
            ``import-unreadable`` (no .xlsx, damaged, encrypted, or with declarations of its own).
    """
    if len(data) > most_bytes:
        raise _too_large("Tệp lớn hơn mức cho phép.", "The file is larger than allowed.", bytes=most_bytes)
    try:
        package = ZipFile(BytesIO(data))
        return _package(package)
    except (
        BadZipFile,
        InflateError,
        expat.ExpatError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
    ):
        raise _unreadable() from None


def _package(package: ZipFile) -> Errors:
    entries = package.infolist()
    if len(entries) > MOST_ENTRIES:
        raise _too_large("Tệp có quá nhiều thành phần.", "The package has too many entries.")
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names) or not set(_NEEDED) <= set(names):
        raise _unreadable()
    left = MOST_INFLATED
    found: dict[str, frozenset[tuple[int, int]]] = {}
    for entry in entries:
        if entry.flag_bits & 1 or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise _unreadable()
        sheet = _Sheet() if entry.filename.endswith(".xml") else None
        left -= _inflate(package, entry, left, sheet)
        if sheet is not None and sheet.errors:
            found[entry.filename] = frozenset(sheet.errors)
    return {title: found[file] for title, file in _sheets(package, names) if file in found}


def _inflate(package: ZipFile, entry: ZipInfo, left: int, sheet: "_Sheet | None") -> int:
    """Inflate an entry to its true end, its checksum included; answers how many bytes it had."""
    most = min(left, max(_MIB, STEEPEST * entry.compress_size))
    entry.file_size = 1 << 62  # what it claims is not believed: the stream ends where its bytes end
    seen = 0
    with package.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            seen += len(chunk)
            if seen > most:
                raise _too_large("Nội dung sau khi giải nén quá lớn.", "The inflated content is too large.")
            if sheet is not None:
                sheet.feed(chunk)
    if sheet is not None:
        sheet.feed(b"", final=True)
    return seen


class _Sheet:
    """Walks a sheet's cells as a reader would and refuses a rectangle too large to lay out."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._declared
        self._row, self._row_text, self._column = 0, "", 0
        self._bottom = self._right = 0
        self._known: dict[str, int] = {}
        self.errors: list[tuple[int, int]] = []

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Read on; refuses as soon as the rectangle is too large."""
        self._parser.Parse(chunk, final)
        if self._bottom * self._right > MOST_CELLS:
            raise _too_large("Trang tính có quá nhiều ô.", "A sheet spans too many cells.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        # Readers look at local names only; called for every element, so the common case comes first.
        if name == "c" or name.endswith(":c"):
            self._cell(attributes.get("r"))
            if attributes.get("t") == "e":
                self.errors.append((self._row, self._column))
        elif name == "row" or name.endswith(":row"):
            number = attributes.get("r")
            self._row = int(number) if number is not None else self._row + 1
            self._row_text, self._column = str(self._row), 0
            self._bottom = max(self._bottom, self._row)

    def _cell(self, address: str | None) -> None:
        if address is None:
            self._column += 1
            self._right = max(self._right, self._column)
            return
        letters = address.rstrip("0123456789")
        row = address[len(letters) :]
        self._column = self._known.get(letters) or self._new_column(letters)
        if row != self._row_text:
            self._row, self._row_text = int(row), row
            self._bottom = max(self._bottom, self._row)

    def _new_column(self, letters: str) -> int:
        if not _LETTERS.fullmatch(letters):
            raise ValueError("not a cell's address")
        self._known[letters] = number = column_number(letters)
        self._right = max(self._right, number)
        return number

    def _declared(self, *_declaration: object) -> None:
        raise ValueError("a sheet has no document type")


def _sheets(package: ZipFile, names: Collection[str]) -> list[tuple[str, str]]:
    """(title, file) of every sheet by the workbook's relations (Part 1 §18.2.19).

    A reader follows these relations wherever they lead; ValueError unless that is where sheets were walked.
    """
    relations = _elements(package, "xl/_rels/workbook.xml.rels", "Relationship")
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    sheets = []
    for sheet in _elements(package, "xl/workbook.xml", "sheet"):
        target = targets[next((value for name, value in sheet.items() if name.endswith(":id")), None)]
        file = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if file not in names or not file.endswith(".xml") or file in _NEEDED:
            raise ValueError("a sheet that is no sheet")
        sheets.append((normalize("NFC", sheet.get("name", "").strip()), file))
    return sheets


def _elements(package: ZipFile, name: str, element: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == element:
            found.append(attributes)

    def declared(*_declaration: object) -> None:
        raise ValueError("no document type here")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = start, declared
    with package.open(name) as stream:
        parser.Parse(stream.read(_MIB), True)
    return found


def column_number(letters: str) -> int:
    """``A`` → 1, ``XFD`` → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """1 → ``A``; the inverse of :func:`column_number`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _too_large(vi: str, en: str, **extra: int) -> RefusedError:
    return RefusedError.of("import-too-large", vi, en, extra=extra)


def _unreadable() -> RefusedError:
    return RefusedError.of(
        "import-unreadable",
        "Tệp không phải sổ .xlsx đọc được.",
        "The file is not an .xlsx workbook that can be read.",
    )
