"""The rows of many subjects written by one statement for each kind of write, instead of one for each row.

A statement costs client and server about 0.1 ms each, however small it is; a row of a set costs a tenth of
that (tests/bench, ``list``). What was decided stays decided row by row: this only changes how it travels.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Executable, TextClause, text
from sqlalchemy.dialects import postgresql

from models.database import Query
from models.record.sql import KEY, Shape, shape_of
from models.tables import Table

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped


def in_sets(subjects: Sequence[Sequence[Query]]) -> list[Query]:
    """The same writes, those of one kind together; each inner sequence is one subject's, in its order.

    Subjects must be independent of one another. What one subject writes first is written first for all. Where
    their orders contradict each other, or a row is changed twice by one kind of write, nothing is gathered.
    """
    kinds: dict[Executable, list[Mapping[str, Any]]] = {}
    before: dict[Executable, set[Executable]] = {}
    for queries in subjects:
        last: Executable | None = None
        for statement, values in queries:
            kinds.setdefault(statement, []).append(values)
            earlier = before.setdefault(statement, set())
            if last is not None and last is not statement:
                earlier.add(last)
            last = statement
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError:
        return [query for queries in subjects for query in queries]
    return [query for statement in order for query in _gathered(statement, kinds[statement])]


def _gathered(statement: Executable, rows: Sequence[Mapping[str, Any]]) -> list[Query]:
    shape = shape_of(statement)
    if shape is None or len(rows) == 1 or _twice(shape, rows):
        return [(statement, row) for row in rows]
    return [(_set(shape), {"rows": json.dumps(rows, ensure_ascii=False, default=_plain)})]


def _twice(shape: Shape, rows: Sequence[Mapping[str, Any]]) -> bool:
    named = {tuple(row[KEY + name] for name in shape.key) for row in rows}
    return bool(shape.key) and len(named) < len(rows)


@cache
def _set(shape: Shape) -> TextClause:
    table = Table.metadata.tables[shape.table]

    def typed(name: str, prefix: str = "") -> str:
        return f"{prefix}{name} {table.columns[name].type.compile(dialect=_DIALECT)}"

    named = [typed(name) for name in shape.columns] + [typed(name, KEY) for name in shape.key]
    source = f"json_to_recordset(CAST(:rows AS json)) AS d({', '.join(named)})"
    if not shape.key:
        values = ", ".join(f"d.{name}" for name in shape.columns)
        names = ", ".join(shape.columns)
        return text(f"INSERT INTO {shape.table} ({names}) SELECT {values} FROM {source}")  # noqa: S608 — our own names
    changes = [f"{name} = d.{name}" for name in shape.columns]
    changes += ["version = t.version + 1"] * shape.next_version
    where = " AND ".join(f"t.{name} = d.{KEY}{name}" for name in shape.key)
    return text(f"UPDATE {shape.table} t SET {', '.join(changes)} FROM {source} WHERE {where}")  # noqa: S608 — the same


def _plain(value: Any) -> Any:
    """A value as PostgreSQL reads it from JSON into a column of its type."""
    match value:
        case Jsonb():
            return value.obj
        case Enum():
            return value.value
        case UUID():
            return str(value)
        case date() | datetime():
            return value.isoformat()
        case bytes() | memoryview():
            return "\\x" + bytes(value).hex()
    raise TypeError(f"no JSON for {type(value).__name__}")
