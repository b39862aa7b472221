"""Two packets of one person, theirs and ours: which fields of our form differ. Pure."""

from collections.abc import Iterator
from collections.abc import Mapping as Lookup
from typing import Any

from activities.national.mappings import Mapping


def differing(mapping: Mapping, ours: Lookup[str, Any], theirs: Lookup[str, Any]) -> dict[str, list[str]]:
    """Top-level fields of our form whose values differ, each with the packet paths that do.

    Every path the mapping knows is compared, in both directions: what one side alone has is a difference. An
    empty value is none, and the order of a table's rows counts, as it does in the form.
    """
    found: dict[str, list[str]] = {}
    for name, path in places(mapping):
        if _at(ours, path) != _at(theirs, path):
            found.setdefault(name, []).append(".".join(path))
    return found


def fields_of(mapping: Mapping, paths: tuple[str, ...]) -> set[str]:
    """Top-level fields of our form that packet paths belong to; a path inside a table is the table's."""
    known = {".".join(path): name for name, path in places(mapping)}
    return {name for one in paths for place, name in known.items() if _within(one, place)}


def places(mapping: Mapping) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each top-level field with a packet path of its own; a table is one path."""
    for link in mapping.links:
        yield link.ours[0], link.theirs
    for table in mapping.tables:
        yield table.ours, table.theirs


def _within(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}[", f"{place}."))


def _at(body: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(body, Lookup):
            return None
        body = body.get(name)
    return None if body in ("", [], {}) else body
