"""Codes in their time: a value of a list is right if it was in use while the fact it states was so.

A table's row says when (its months or its year); everything else is stated of the day of checking.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from .codes import Code, code_list
from .dates import PartialDate
from .fields import Catalogue, Field
from .issues import Problem, problem
from .kinds import as_date

Found = Iterator[tuple[str, Problem]]
Period = tuple[date, date]


def not_then(cat: Catalogue, content: Mapping[str, Any], on: date) -> Found:
    """Codes that had ended, or had not begun, on every day of the time they are about."""
    for field in cat.fields:
        value = content.get(field.name)
        if field.kind == "code":
            if not _comes_and_goes(field):
                continue
            values = value if isinstance(value, list) else [value]
            for index, one in enumerate(values):
                path = f"{field.name}[{index}]" if isinstance(value, list) else field.name
                yield from _judged(field, path, one, (on, on))
        elif field.is_table and isinstance(value, list):
            coded = [one for one in field.columns if one.kind == "code" and _comes_and_goes(one)]
            for index, row in enumerate(value if coded else ()):
                if isinstance(row, dict):
                    yield from _row(field, coded, f"{field.name}[{index}]", row, on)


def _comes_and_goes(field: Field) -> bool:
    """Whether any code of its list, as it is read now, has a time of its own: few lists have such codes."""
    return code_list(field.code_list or "").dated


def _row(table: Field, coded: Sequence[Field], path: str, row: Mapping[str, Any], on: date) -> Found:
    there = [column for column in coded if column.name in row]
    if not there:
        return
    period = _period(table, row, on)
    for column in there:
        yield from _judged(column, f"{path}.{column.name}", row[column.name], period)


def _period(table: Field, row: Mapping[str, Any], on: date) -> Period:
    """From the first to the last day a row may be about; an open one lasts to the day of checking."""

    def day(name: str) -> PartialDate | None:
        column = table.column.get(name)
        return as_date(column, row[name]) if column is not None and name in row else None

    year, start, stop = day("year"), day("from_month"), day("to_month")
    if year is not None:
        return year.earliest, year.latest
    if start is None:
        return (date.min, stop.latest) if stop is not None else (on, on)
    return start.earliest, max(start.latest, stop.latest if stop is not None else on)


def _judged(field: Field, path: str, value: Any, period: Period) -> Found:
    known = code_list(field.code_list or "")
    entry = known.codes.get(value) if isinstance(value, str) else None
    if entry is not None and not entry.within(*period):
        yield (
            path,
            problem(
                "code-not-then",
                name=(entry.label, entry.label_en),
                list=known.title,
                period=_used(entry),
                source=known.source,
            ),
        )


def _used(entry: Code) -> tuple[str, str]:
    """When a code is in use, in both languages."""
    parts_vi, parts_en = [], []
    if entry.valid_from is not None:
        parts_vi.append(f"từ {entry.valid_from:%d/%m/%Y}")
        parts_en.append(f"from {entry.valid_from.isoformat()}")
    if entry.valid_to is not None:
        parts_vi.append(f"trước {entry.valid_to:%d/%m/%Y}")
        parts_en.append(f"before {entry.valid_to.isoformat()}")
    return ", ".join(parts_vi), " ".join(parts_en)
