"""What a mapping desk has decided about old values, carried out on a form that comes from elsewhere. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from .codes import code_list, fold
from .fields import Catalogue, Field

Decided = Mapping[tuple[str, str], str]
"""Code list and old value (by `fold`) → the code it means."""


def decided_by(rows: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Decisions as they were written down, to be looked up however an old value is spelt."""
    return {(name, fold(old)): code for (name, old), code in rows.items()}


def put_meanings(cat: Catalogue, content: dict[str, Any], decided: Decided, on: date) -> list[str]:
    """Replace each old value about which something is decided; answers the paths, as they stand in the form.

    A code that the list still has is left where a row says when it was so: there it may be right.
    """
    return [
        path for place, key, path, field in coded(cat, content) if _put(place, key, field, decided, on, path)
    ]


def coded(cat: Catalogue, content: Mapping[str, Any]) -> Iterator[tuple[Any, Any, str, Field]]:
    """Every value that is of a code list: where it stands, its key there, its path and its field."""
    for field in cat.fields:
        value = content.get(field.name)
        if field.kind == "code" and isinstance(value, list):
            for index in range(len(value)):
                yield value, index, f"{field.name}[{index}]", field
        elif field.kind == "code" and value is not None:
            yield content, field.name, field.name, field
        elif field.is_table and isinstance(value, list):
            for index, row in enumerate(value):
                for column in field.columns:
                    if column.kind == "code" and isinstance(row, dict) and column.name in row:
                        yield row, column.name, f"{field.name}[{index}].{column.name}", column


def _put(place: Any, key: Any, field: Field, decided: Decided, on: date, path: str) -> bool:
    value, known = place[key], code_list(field.code_list or "")
    if not isinstance(value, str) or (value in known and ("." in path or value in known.on(on))):
        return False
    code = decided.get((known.name, fold(value)))
    # What was decided long ago may have ended since: then the desk is asked anew, by refusing the line.
    if code is None or code not in known.on(on):
        return False
    place[key] = code
    return True
