"""From values to cells: the way back of :mod:`models.form.cells`. Export, then import, changes nothing."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from .dates import PartialDate
from .fields import Field
from .kinds import as_date
from .places import communes
from .workbook import Column, Sheet, choice

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_FIRST_YEAR = 1901  # spreadsheets count days from 1900 and have its 29 February wrong
_DATES = frozenset({"date", "partial_date", "month"})
_NUMBERS = frozenset({"decimal", "percent", "money"})


def cells_of(sheet: Sheet, values: Mapping[str, Any]) -> list[Any]:
    """One row of a sheet. ``values`` by english_field, addresses as objects; the absent leave empty cells."""
    return [_cell(column, values.get(column.field.name)) for column in sheet.columns]


def guarded(text: str) -> str:
    """A text no spreadsheet takes for a formula: an apostrophe stands before ``= + - @``."""
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(column: Column, value: Any) -> Any:
    if column.part:
        value = value.get(column.part) if isinstance(value, Mapping) else None
        return None if value is None else _place(column.part, value)
    if value is None:
        return None
    if column.field.repeats:
        return guarded("; ".join(str(_shown(column.field, item)) for item in value))
    shown = _shown(column.field, value)
    return guarded(shown) if isinstance(shown, str) else shown


def _place(part: str, value: str) -> str:
    if part == "province":
        return guarded(choice("province", value))
    unit = communes().get(value) if part == "commune" else None
    return f"{value} – {unit.name}" if unit else guarded(value)


def _shown(field: Field, value: Any) -> Any:
    if field.code_list:
        return choice(field.code_list, value)
    if field.kind in _DATES:
        day = as_date(field, value)
        return value if day is None else _date_cell(day)
    if field.kind in _NUMBERS:
        return float(value) if "." in value else int(value)
    return value


def _date_cell(day: PartialDate) -> date | str:
    """Full dates as dates; a month as Vietnamese papers write it; a year as a text, for it is no number."""
    if day.precision == "day":
        return day.earliest if day.year >= _FIRST_YEAR else f"{day.earliest:%d/%m/%Y}"
    return f"{day.month:02}/{day.year}" if day.month else str(day.year)
