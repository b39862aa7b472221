"""From cells to values: what a spreadsheet shows for a date, a code or a number becomes what the form wants.

Cells come as Python values (text, number, bool, date) from whichever reader; nothing here opens a file. A
cell that cannot be understood is a :class:`CellIssue`; whether an understood value is allowed is for
:func:`validate`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .codes import code_list
from .fields import Field
from .issues import Problem, problem, worded
from .normal import fixed, is_decimal, normal_text
from .places import resolve_commune, resolve_province
from .workbook import Column, Sheet

_ERRORS = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"})
_DAY = re.compile(r"([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4})")
_MONTH = re.compile(r"([0-9]{1,2})[/.\-]([0-9]{4})")
_GUARDED = re.compile(r"'+[=+\-@]")
_PADDED = {"citizen_id": 12, "social_insurance": 10, "health_insurance": 10, "phone": 10}


@dataclass(frozen=True)
class CellIssue:
    """One thing wrong in one cell. Rows count from 1 as spreadsheets do; row 0 is the sheet itself."""

    sheet: str
    row: int
    column: str
    field: str
    code: str
    message_vi: str
    message_en: str
    source: str = ""


@dataclass(frozen=True)
class Header:
    """Where each known column of a sheet stands."""

    sheet: Sheet
    places: tuple[tuple[Column, int], ...]


def cell_issue(sheet: Sheet, row: int, column: Column | None, what: Problem, name: str = "") -> CellIssue:
    """A problem at a cell, in words."""
    label, label_en = (
        (column.label, column.label_en) if column else (name or sheet.title, name or sheet.title)
    )
    vi, en = worded(what, label, label_en)
    return CellIssue(sheet.title, row, label, column.name if column else name, what.code, vi, en, what.source)


def read_header(sheet: Sheet, names: Sequence[Any]) -> tuple[Header, tuple[CellIssue, ...]]:
    """Find the columns by the english_field names of row 2; unknown, repeated and missing ones are issues."""
    issues, places = [], dict[str, int]()
    for place, cell in enumerate(names):
        name = str(cell).strip() if cell is not None else ""
        if not name:
            continue
        if name not in sheet.by_name:
            issues.append(cell_issue(sheet, 2, None, problem("unknown-column"), name[:60]))
        elif name in places:
            issues.append(cell_issue(sheet, 2, sheet.by_name[name], problem("repeated-column")))
        else:
            places[name] = place
    missing = (column for column in sheet.columns if column.required and column.name not in places)
    issues += [cell_issue(sheet, 2, column, problem("missing-column")) for column in missing]
    found = tuple((sheet.by_name[name], place) for name, place in places.items())
    return Header(sheet, found), tuple(issues)


def read_row(header: Header, row: int, cells: Sequence[Any]) -> tuple[dict[str, Any], tuple[CellIssue, ...]]:
    """The values of a row by english_field, addresses put together; and what could not be understood."""
    values: dict[str, Any] = {}
    issues = []
    for column, place in header.places:
        cell = cells[place] if place < len(cells) else None
        if cell is None or cell == "":
            continue
        value = _read(column, cell, values)
        if isinstance(value, Problem):
            issues.append(cell_issue(header.sheet, row, column, value))
        elif value in ("", []):
            continue
        elif column.part:
            values.setdefault(column.field.name, {})[column.part] = value
        else:
            values[column.name] = value
    return values, tuple(issues)


def _read(column: Column, cell: Any, values: dict[str, Any]) -> Any:
    if isinstance(cell, str):
        cell = _unguarded(normal_text(cell))
        if cell in _ERRORS:
            return problem("bad-cell")
    if column.part:
        return _place(column, _as_text(cell), values)
    if column.field.repeats:
        items = [part.strip() for part in _as_text(cell).split(";")]
        return [_convert(column.field, part) for part in items if part]
    return _convert(column.field, cell)


def _unguarded(text: str) -> str:
    """Without the apostrophe that an export puts before what a spreadsheet would take for a formula."""
    return text[1:] if _GUARDED.match(text) else text


def _place(column: Column, text: str, values: dict[str, Any]) -> Any:
    if column.part == "province":
        return resolve_province(text) or problem("place-unknown")
    if column.part == "commune":
        province = values.get(column.field.name, {}).get("province")
        return resolve_commune(text, province) or problem("place-unknown")
    return text


def _convert(field: Field, cell: Any) -> Any:
    return _CONVERSIONS.get(field.kind, _text)(field, cell)


def _as_text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _text(field: Field, cell: Any) -> Any:
    """Numbers stored as numbers have lost their leading zeros: they get them back."""
    text = _as_text(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool) and text.isdigit():
        return text.zfill(_PADDED.get(field.kind, 0))
    return normal_text(text.upper()) if field.upper else text


def _code(field: Field, cell: Any) -> Any:
    """The code; what the list does not know stays as written, for validation to refuse by name."""
    text = _as_text(cell)
    known = code_list(field.code_list or "")
    found = known.resolve(text)
    return text if found is None else found


def _dated(field: Field, cell: Any) -> Any:
    if isinstance(cell, date):
        day = cell.date() if isinstance(cell, datetime) else cell
        return f"{day:%Y-%m}" if field.kind == "month" else day.isoformat()
    text = _as_text(cell)
    day_first, month_first = _DAY.fullmatch(text), _MONTH.fullmatch(text)
    if day_first:
        day_, month, year = day_first.groups()
        return f"{year}-{int(month):02}-{int(day_):02}"
    if month_first:
        return f"{month_first[2]}-{int(month_first[1]):02}"
    return text


def _integer(field: Field, cell: Any) -> Any:
    text = _as_text(cell)
    digits = text.removeprefix("-")
    if isinstance(cell, bool) or not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        return problem("wrong-type", expected=("số nguyên", "a whole number"))
    return int(text)


def _decimal(field: Field, cell: Any) -> Any:
    places = 2 if field.kind == "percent" else field.places
    if isinstance(cell, bool):
        return problem("wrong-type", expected=("số", "a number"))
    try:
        number = Decimal(repr(cell) if isinstance(cell, float) else _as_text(cell).replace(",", "."))
    except InvalidOperation:
        return problem("wrong-type", expected=("số", "a number"))
    if not number.is_finite() or abs(number) >= 10**15:
        return problem("wrong-type", expected=("số", "a number"))
    text = format(number, "f")
    return fixed(text, places) if is_decimal(text, places) else text


def _money(field: Field, cell: Any) -> Any:
    text = re.sub(r"(?<=[0-9])[ .,](?=[0-9]{3}(?:[^0-9]|$))", "", _as_text(cell))
    if isinstance(cell, bool) or not (text.isascii() and text.isdigit()):
        return problem("wrong-type", expected=("số tiền bằng đồng", "an amount in VND"))
    return text.lstrip("0") or "0"


_CONVERSIONS: dict[str, Callable[[Field, Any], Any]] = {
    "code": _code,
    "date": _dated,
    "partial_date": _dated,
    "month": _dated,
    "year": _integer,
    "integer": _integer,
    "decimal": _decimal,
    "percent": _decimal,
    "money": _money,
}
