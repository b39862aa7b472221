"""A workbook's sheets as rows of plain values, read by python-calamine after the guard has let it pass."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook

from models.errors import RefusedError
from models.form.workbook import FIRST_ROW
from models.workbook_guard import column_letters


class Rows:
    """One sheet's rows from row 1, as often as asked; empty columns before the first used one included."""

    def __init__(self, book: "Book", sheet: CalamineSheet) -> None:
        self._book, self._sheet = book, sheet

    def __iter__(self) -> Iterator[Sequence[Any]]:
        start = self._sheet.start
        before: list[Any] = [None] * (start[1] if start else 0)
        for cells in self._sheet.iter_rows():
            self._book.rows_read += 1
            yield [*before, *cells] if before else cells


class Book(Mapping[str, Rows]):
    """Sheet title (NFC) → rows. ``rows_read`` grows while somebody reads, so that progress can be told.

    Raises:
        RefusedError: ``import-unreadable``.
    """

    def __init__(self, data: bytes) -> None:
        self.rows_read = 0
        self._book = _readable(data)
        self._names = {unicodedata.normalize("NFC", name.strip()): name for name in self._book.sheet_names}

    def __getitem__(self, title: str) -> Rows:
        return Rows(self, self._book.get_sheet_by_name(self._names[title]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def letters(self, title: str) -> dict[str, str]:
        """Column letters by the names in the sheet's second row."""
        if title not in self:
            return {}
        for number, cells in enumerate(self[title], start=1):
            if number == FIRST_ROW - 1:
                names = ((str(cell).strip(), place) for place, cell in enumerate(cells, start=1) if cell)
                return {name: column_letters(place) for name, place in names if name}
        return {}


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
