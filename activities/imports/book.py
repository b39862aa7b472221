"""A workbook's sheets as rows of plain values, read by python-calamine after the guard has let it pass."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook

from models.errors import RefusedError
from models.form.workbook import FIRST_ROW
from models.workbook_guard import Errors, column_letters

ERROR = "#N/A"


class Rows:
    """One sheet's rows from row 1; empty columns before the first used one included."""

    def __init__(self, book: "Book", title: str, sheet: CalamineSheet) -> None:
        self._book, self._title, self._sheet = book, title, sheet
        self._wrong: dict[int, list[int]] = {}
        for row, column in book.errors.get(title, ()):
            self._wrong.setdefault(row, []).append(column)

    def __iter__(self) -> Iterator[Sequence[Any]]:
        start = self._sheet.start
        before: list[Any] = [None] * (start[1] if start else 0)
        for number, cells in enumerate(self._sheet.iter_rows(), start=1):
            self._book.rows_read += 1
            whole = [*before, *cells] if before else cells
            for place in self._wrong.get(number, ()):
                whole[place - 1] = ERROR
            if number == FIRST_ROW - 1:
                self._book.letters[self._title] = _letters(whole)
            yield whole


class Book(Mapping[str, Rows]):
    """Sheet title (NFC) → rows. ``rows_read`` grows while somebody reads, so that progress can be told.

    ``errors``: cells the guard saw to show errors, which the reader gives as empty; they come as ``#N/A``.
    ``letters``: of the sheets read so far, column letters by the names in their second row.

    Raises:
        RefusedError: ``import-unreadable``.
    """

    def __init__(self, data: bytes, errors: Errors | None = None) -> None:
        self.rows_read = 0
        self.errors: Errors = errors or {}
        self.letters: dict[str, dict[str, str]] = {}
        self._book = _readable(data)
        self._names = {unicodedata.normalize("NFC", name.strip()): name for name in self._book.sheet_names}

    def __getitem__(self, title: str) -> Rows:
        return Rows(self, title, self._book.get_sheet_by_name(self._names[title]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, title: object) -> bool:
        return title in self._names  # Mapping's own would read the whole sheet to answer


def _letters(names: Sequence[Any]) -> dict[str, str]:
    found = ((str(cell).strip(), place) for place, cell in enumerate(names, start=1) if cell)
    letters: dict[str, str] = {}
    for name, place in found:
        letters.setdefault(name, column_letters(place))
    return letters


def _readable(data: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(BytesIO(data))
    except BaseException as error:
        raise unreadable(error) from None


def unreadable(error: BaseException) -> BaseException:
    """What the reader meant: a damaged workbook is refused, anything else is what it is.

    The reader is native code; a panic in it arrives as a ``BaseException`` of its own.
    """
    kind = type(error)
    if kind.__module__.startswith(("python_calamine", "pyo3_runtime", "_python_calamine")):
        return RefusedError.of(
            "import-unreadable", "Tệp hỏng hoặc không phải .xlsx.", "The file is damaged or no .xlsx."
        )
    return error
