"""Statements for rows whose shape only the decision knows, made once per table and set of columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Executable, TextClause, text
from sqlalchemy.dialects.postgresql import JSONB

from models.database import Query
from models.tables import Table

KEY = "where_"
"""Before the name of a column by which a row is found, among the parameters of an update."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a statement made here writes. Without ``key`` it adds rows, else it changes those it names."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    next_version: bool = False


_SHAPES: dict[Executable, Shape] = {}


def shape_of(statement: Executable) -> Shape | None:
    """The shape of a statement made here; none for any other."""
    return _SHAPES.get(statement)


def inserting(table: str, row: Mapping[str, Any]) -> Query:
    """Add one row."""
    return _insert(table, tuple(row)), _values(table, row)


def updating(
    table: str, key: Mapping[str, Any], row: Mapping[str, Any], *, next_version: bool = False
) -> Query:
    """Change the rows where all of ``key`` hold; with ``next_version`` their version moves on by one."""
    statement = _update(table, tuple(key), tuple(row), next_version)
    return statement, {**_values(table, row), **{KEY + name: value for name, value in key.items()}}


@cache
def _insert(table: str, columns: tuple[str, ...]) -> TextClause:
    _known(table, columns)
    names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    made = text(f"INSERT INTO {table} ({names}) VALUES ({places})")  # noqa: S608 — names of our own tables
    _SHAPES[made] = Shape(table, (), columns)
    return made


@cache
def _update(table: str, key: tuple[str, ...], columns: tuple[str, ...], next_version: bool) -> TextClause:
    _known(table, (*key, *columns))
    changes = [f"{name} = :{name}" for name in columns] + ["version = version + 1"] * next_version
    where = " AND ".join(f"{name} = :{KEY}{name}" for name in key)
    made = text(f"UPDATE {table} SET {', '.join(changes)} WHERE {where}")  # noqa: S608 — the same
    _SHAPES[made] = Shape(table, key, columns, next_version)
    return made


def _known(table: str, columns: Iterable[str]) -> None:
    unknown = set(columns) - set(Table.metadata.tables[table].columns.keys())
    assert not unknown, f"{table} has no column {sorted(unknown)}"


@cache
def _json_columns(table: str) -> frozenset[str]:
    columns = Table.metadata.tables[table].columns
    return frozenset(column.name for column in columns if isinstance(column.type, JSONB))


def _values(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    json = _json_columns(table)
    return {name: _value(value, json=name in json) for name, value in row.items()}


def _value(value: Any, *, json: bool) -> Any:
    if json and value is not None:
        return Jsonb(value)
    return value.value if isinstance(value, Enum) else value
