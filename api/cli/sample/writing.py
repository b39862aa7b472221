"""Workbooks on disk: the empty template with drop-downs, and the sample."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from models.form import Catalogue, Sheet, catalogue, choices_of, workbook
from models.form.workbook import FIRST_ROW

LISTS = "Danh mục"
_ROWS = 20_000


@dataclass
class Book:
    """A workbook being written row by row; sheets appear in the order of the schema, by their titles."""

    cat: Catalogue
    book: Workbook
    sheets: dict[str, Any]
    next_row: dict[str, int]

    def add(self, sheet: Sheet, cells: list[Any]) -> int:
        """Append a row and return its number as the spreadsheet shows it."""
        self.sheets[sheet.title].append(cells)
        row = self.next_row[sheet.title]
        self.next_row[sheet.title] = row + 1
        return row

    def save(self, out: Path) -> None:
        """Write the file."""
        self.book.save(out)


def open_book(also: Sequence[Catalogue] = (), *, drop_downs: bool) -> Book:
    """A workbook with its heading rows: Vietnamese labels, then the names the import looks for.

    ``also``: the forms besides the general one on which people are declared.
    """
    cat, book = catalogue(), Workbook(write_only=True)
    sheets = {}
    every = [*workbook(cat), *(sheet for form in also for sheet in workbook(form)[2:])]
    columns = _list_columns(every)
    for sheet in every:
        page = book.create_sheet(sheet.title)
        page.freeze_panes = f"A{FIRST_ROW}"
        for place, column in enumerate(sheet.columns, start=1):
            page.column_dimensions[get_column_letter(place)].width = max(12, min(40, len(column.label) + 2))
        if drop_downs:
            _drop_downs(page, sheet, columns)
        page.append([column.label + (" *" if column.required else "") for column in sheet.columns])
        page.append([column.name for column in sheet.columns])
        sheets[sheet.title] = page
    if drop_downs:
        _write_lists(book, columns)
    return Book(cat, book, sheets, dict.fromkeys(sheets, FIRST_ROW))


def _list_columns(sheets: Sequence[Sheet]) -> dict[str, int]:
    """Which column of ``Danh mục`` holds which list."""
    names = {column.choices for sheet in sheets for column in sheet.columns if column.choices}
    return {name: place for place, name in enumerate(sorted(names), start=1)}


def _drop_downs(page: Any, sheet: Sheet, columns: dict[str, int]) -> None:
    for place, column in enumerate(sheet.columns, start=1):
        if not column.choices:
            continue
        letter = get_column_letter(columns[column.choices])
        last = 1 + len(choices_of(column.choices))
        source = f"{quote_sheetname(LISTS)}!${letter}$2:${letter}${last}"
        rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
        rule.errorTitle, rule.error = "Danh mục", "Hãy chọn một giá trị trong danh mục."
        own = get_column_letter(place)
        rule.add(f"{own}{FIRST_ROW}:{own}{_ROWS}")
        page.data_validations.append(rule)


def _write_lists(book: Workbook, columns: dict[str, int]) -> None:
    page = book.create_sheet(LISTS)
    page.append(list(columns))
    lists = [choices_of(name) for name in columns]
    for row in range(max(map(len, lists))):
        page.append([entries[row] if row < len(entries) else None for entries in lists])


def template(out: Path, also: Sequence[Catalogue] = ()) -> Path:
    """An empty import workbook with drop-downs for every code list."""
    open_book(also, drop_downs=True).save(out)
    return out


def add_all(book: Book, sheet: Sheet, rows: Iterable[list[Any]]) -> None:
    """Append many rows."""
    for cells in rows:
        book.add(sheet, cells)
