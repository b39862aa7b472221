"""What changed between two contents, field by field; table rows are matched by what they say, not where."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import rfc8785

from models.canonical import dumps

from .fields import Catalogue, Field, Sensitivity
from .normal import Content, normalise

Kind = Literal["added", "removed", "changed", "moved"]
_ALIKE = 0.5


@dataclass(frozen=True)
class FieldChange:
    """One difference. Row paths count from 0 in the new content, in the old one for what was removed.

    ``moved``: the same rows in another order; before and after are then lists of the old places.
    """

    path: str
    label: str
    before: Any
    after: Any
    sensitivity: Sensitivity
    encrypted: bool
    kind: Kind


def diff(cat: Catalogue, before: Content, after: Content) -> tuple[FieldChange, ...]:
    """All differences in the order of the form; empty exactly when both normalise to the same content."""
    old, new = normalise(before), normalise(after)
    names = [field.name for field in cat.fields]
    names += sorted((old.keys() | new.keys()) - set(names))
    return tuple(change for name in names for change in _named(cat, name, old.get(name), new.get(name)))


def _named(cat: Catalogue, name: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if _same(old, new):
        return
    field = cat.by_name.get(name)
    if field and (field.is_table or field.repeats) and _is_list(old) and _is_list(new):
        yield from _lists(cat, field, old or [], new or [])
    else:
        yield _change(cat, name, old, new)


def _is_list(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _same(old: Any, new: Any) -> bool:
    """Whether both have the same mark, without making the marks of what is plainly text, rows and tables."""
    if type(old) is not type(new):
        return _mark(old) == _mark(new)
    if isinstance(old, str):
        return bool(old == new)
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_same(value, new[name]) for name, value in old.items())
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return _mark(old) == _mark(new)


def _mark(value: Any) -> bytes:
    """Equal exactly for equal canonical JSON; what has none is told apart by its text."""
    try:
        return dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError):
        return repr(value).encode("utf-8", "surrogatepass")


def _change(cat: Catalogue, path: str, old: Any, new: Any) -> FieldChange:
    field = cat.by_name.get(path.partition("[")[0])
    sensitivity: Sensitivity = field.sensitivity if field else "S"
    kind: Kind = "added" if old is None else "removed" if new is None else "changed"
    return FieldChange(path, cat.label(path), old, new, sensitivity, field.encrypted if field else True, kind)


def _lists(cat: Catalogue, field: Field, old: Sequence[Any], new: Sequence[Any]) -> Iterator[FieldChange]:
    pairs = _match(field, old, new)
    matched_old, matched_new = {first for first, _ in pairs}, {second for _, second in pairs}
    for index, row in enumerate(old):
        if index not in matched_old:
            yield _change(cat, f"{field.name}[{index}]", row, None)
    for second, row in enumerate(new):
        if second not in matched_new:
            yield _change(cat, f"{field.name}[{second}]", None, row)
    for first, second in sorted(pairs, key=lambda pair: pair[1]):
        yield from _rows(cat, field, f"{field.name}[{second}]", old[first], new[second])
    places = [first for first, _ in sorted(pairs, key=lambda pair: pair[1])]
    if places != sorted(places):
        yield FieldChange(
            field.name, field.label, sorted(places), places, field.sensitivity, field.encrypted, "moved"
        )


def _rows(cat: Catalogue, field: Field, path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if _same(old, new):
        return
    if not (isinstance(old, dict) and isinstance(new, dict)):
        yield _change(cat, path, old, new)
        return
    names = [*field.column, *sorted((old.keys() | new.keys()) - field.column.keys())]
    for name in names:
        if not _same(old.get(name), new.get(name)):
            yield _change(cat, f"{path}.{name}", old.get(name), new.get(name))


def _match(field: Field, old: Sequence[Any], new: Sequence[Any]) -> list[tuple[int, int]]:
    """Pairs of places: equal rows first, then rows with the same key columns, then rows mostly alike."""
    left, right = set(range(len(old))), set(range(len(new)))
    pairs: list[tuple[int, int]] = []
    marks = [[_mark(row) for row in rows] for rows in (old, new)]
    keys = [[_key(field, row) for row in rows] for rows in (old, new)]
    for old_names, new_names in (marks, keys):
        waiting: dict[Any, deque[int]] = defaultdict(deque)
        for index in sorted(left):
            if old_names[index] is not None:
                waiting[old_names[index]].append(index)
        for index in sorted(right):
            if waiting.get(new_names[index]):
                pairs.append((waiting[new_names[index]].popleft(), index))  # noqa: PERF401 - the test sees it
        left -= {first for first, _ in pairs}
        right -= {second for _, second in pairs}
    return pairs + _similar(old, new, left, right)


def _key(field: Field, row: Any) -> bytes | None:
    if not field.key or not isinstance(row, dict) or not all(name in row for name in field.key):
        return None
    return _mark([row[name] for name in field.key])


def _similar(
    old: Sequence[Any], new: Sequence[Any], left: set[int], right: set[int]
) -> list[tuple[int, int]]:
    scores = sorted(
        (-_likeness(old[first], new[second]), first, second) for first in left for second in right
    )
    pairs: list[tuple[int, int]] = []
    for score, first, second in scores:
        if -score >= _ALIKE and first in left and second in right:
            pairs.append((first, second))
            left.discard(first)
            right.discard(second)
    return pairs


def _likeness(old: Any, new: Any) -> float:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return 0.0
    names = old.keys() | new.keys()
    return sum(_same(old.get(name), new.get(name)) for name in names) / len(names) if names else 1.0
