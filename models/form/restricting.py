"""Levels of restriction per field, and a form as a reader of a level sees it: what lies above is withheld.

Withheld is never blank: whoever shows a form names the fields left out beside it, filled or not, so that the
list itself tells nothing about the person (hanoi.art4.3, phu_yen.art3.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from .fields import Catalogue, Field, catalogue
from .loading import document
from .normal import Content


@dataclass(frozen=True)
class Level:
    """One level in words, and by what text the fields of it are of that level."""

    rank: int
    vi: str
    en: str
    source: str


@cache
def levels() -> Mapping[int, Level]:
    """Every level by its rank, the least restricted first. ValueError where they are not 1, 2, 3 …"""
    found = {
        int(rank): Level(int(rank), **words)
        for rank, words in document("restriction", "levels")["levels"].items()
    }
    if list(found) != list(range(1, len(found) + 1)):
        raise ValueError("levels of restriction are counted from 1, without a gap")
    return found


def top() -> int:
    """The level of who sees everything."""
    return max(levels())


def level_of(field: Field) -> Level:
    """The level of a field; a table's is that of the table itself, its columns have their own."""
    table = document("restriction", "levels")
    least = table["sealed"] if field.encrypted else 1
    rank = table["fields"].get(field.meaning, table["by_sensitivity"][field.sensitivity])
    return levels()[max(rank, least)]


@cache
def visible(version: str, level: int) -> Catalogue:
    """The form as a reader of that level may know it: fields, and columns of tables, of the level and below.

    A table one of whose key columns is withheld is withheld whole: its rows could not be told apart.
    KeyError for an unknown version.
    """
    whole = catalogue(version)
    if level >= top():
        return whole
    return replace(
        whole, fields=tuple(seen for field in whole.fields if (seen := _seen(field, level)) is not None)
    )


def _seen(field: Field, level: int) -> Field | None:
    if level_of(field).rank > level:
        return None
    columns = tuple(column for column in field.columns if level_of(column).rank <= level)
    if field.is_table and (not columns or not set(field.key) <= {column.name for column in columns}):
        return None
    return replace(field, columns=columns) if field.is_table else field


def withheld(version: str, level: int) -> tuple[tuple[str, Field], ...]:
    """Generic path and field (``education[].mode``) of all that a reader of that level does not see."""
    whole, seen = catalogue(version), visible(version, level)
    left_out: list[tuple[str, Field]] = []
    for field in whole.fields:
        kept = seen.by_name.get(field.name)
        if kept is None:
            left_out.append((field.name, field))
        else:
            left_out += [
                (f"{field.name}[].{one.name}", one) for one in field.columns if one.name not in kept.column
            ]
    return tuple(left_out)


def withhold(version: str, content: Content, level: int) -> dict[str, Any]:
    """The content without what is above the level; what the form does not know only the top sees."""
    seen = visible(version, level)
    if seen is catalogue(version):
        return dict(content)
    return {name: _part(seen.by_name[name], value) for name, value in content.items() if name in seen.by_name}


def _part(field: Field, value: Any) -> Any:
    if not field.is_table or not isinstance(value, list):
        return value
    return [
        {name: cell for name, cell in row.items() if name in field.column}
        for row in value
        if isinstance(row, dict)
    ]


def may_know(version: str, path: str, level: int) -> bool:
    """Whether a reader of that level may see what stands at a path such as ``education[2].mode``."""
    try:
        visible(version, level).field(path)
    except KeyError:
        return level >= top()
    return True
