"""A whole content against its catalogue."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal

from .consistency import contradictions
from .fields import Catalogue, Field
from .issues import FieldIssue, Problem, problem, worded
from .kinds import check
from .normal import Content, is_empty, normal_text, normalise

Writer = Literal["person", "agency"]

_LIST_LIMIT = 50
_LIST = ("danh sách", "a list")
_ROW = ("một dòng của bảng", "a row of the table")


def validate(cat: Catalogue, content: Content, *, on: date, by: Writer) -> tuple[FieldIssue, ...]:
    """Everything wrong with a content, in the order of the form; empty when it may be accepted.

    ``on`` is the day of checking (dates that must be past). ``by``: a person's content may not hold what the
    authority owns, and is not asked for it; the agency's content is asked for both. Texts are judged in their
    normal form (:func:`normalise`); empty values count as absent, and rows keep the index they were given.
    """
    clean = _readable(content)
    found = [
        *_unknown(cat, content),
        *_values(cat, clean, on, by),
        *_missing(cat, clean, by),
        *contradictions(cat, clean, on),
    ]
    order = {field.name: place for place, field in enumerate(cat.fields)}
    seen: set[tuple[str, str]] = set()
    issues = []
    for path, what in sorted(found, key=lambda pair: order.get(_head(pair[0]), len(order))):
        if (path, what.code) not in seen:
            seen.add((path, what.code))
            issues.append(_issue(cat, path, what))
    return tuple(issues)


def _readable(content: Content) -> Mapping[str, Any]:
    """Normal texts without moving rows: an empty row keeps its place so that paths stay true."""
    kept = ((key, _in_place(value)) for key, value in content.items())
    return {key: value for key, value in kept if not is_empty(value)}


def _in_place(value: Any) -> Any:
    if isinstance(value, list):
        return [_item(item) for item in value]
    return _item(value)


def _item(value: Any) -> Any:
    if isinstance(value, str):
        return normal_text(value)
    return normalise(value) if isinstance(value, Mapping) else value


def _head(path: str) -> str:
    return path.partition("[")[0].partition(".")[0]


def _issue(cat: Catalogue, path: str, what: Problem) -> FieldIssue:
    field = cat.by_name.get(_head(path))
    label, label_en = cat.label(path), cat.label_en(path)
    vi, en = worded(what, label, label_en)
    source = what.source or (cat.citation(field) if field else cat.source)
    return FieldIssue(path, label, what.code, vi, en, source)


def _unknown(cat: Catalogue, content: Content) -> Iterator[tuple[str, Problem]]:
    for name in content:
        if name not in cat.by_name:
            yield str(name)[:60], problem("unknown-field")


def _values(cat: Catalogue, content: Content, on: date, by: Writer) -> Iterator[tuple[str, Problem]]:
    for field in cat.fields:
        value = content.get(field.name)
        if is_empty(value):
            continue
        if by == "person" and field.owner == "agency":
            yield field.name, problem("not-your-field")
        elif field.is_table:
            yield from _table(field, value, on)
        elif field.repeats:
            yield from _list(field, value, on)
        else:
            yield from _one(field, field.name, value, on)


def _one(field: Field, path: str, value: Any, on: date) -> Iterator[tuple[str, Problem]]:
    what = check(field, value, on)
    if what:
        yield path, what


def _list(field: Field, value: Any, on: date) -> Iterator[tuple[str, Problem]]:
    if not isinstance(value, list):
        yield field.name, problem("wrong-type", expected=_LIST)
        return
    if len(value) > _LIST_LIMIT:
        yield field.name, problem("too-many-rows", max=str(_LIST_LIMIT))
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        path = f"{field.name}[{index}]"
        if is_empty(item):
            continue
        yield from _one(field, path, item, on)
        if isinstance(item, str) and item in seen:
            yield path, problem("repeated-value")
        seen.add(item if isinstance(item, str) else path)


def _table(field: Field, value: Any, on: date) -> Iterator[tuple[str, Problem]]:
    if not isinstance(value, list):
        yield field.name, problem("wrong-type", expected=_LIST)
        return
    if len(value) > field.max_rows:
        yield field.name, problem("too-many-rows", max=str(field.max_rows))
        return
    for index, row in enumerate(value):
        path = f"{field.name}[{index}]"
        if is_empty(row):
            continue
        if not isinstance(row, Mapping):
            yield path, problem("wrong-type", expected=_ROW)
        else:
            yield from ((f"{path}.{name}", what) for name, what in row_problems(field, row, on))


def row_problems(table: Field, row: Mapping[str, Any], on: date) -> Iterator[tuple[str, Problem]]:
    """What is wrong with one row of a table taken alone, by column name. The row is in normal form."""
    for name in row:
        if name not in table.column:
            yield str(name)[:60], problem("unknown-field")
    for column in table.columns:
        value = row.get(column.name)
        if is_empty(value):
            if column.required == "always":
                yield column.name, problem("missing")
        else:
            yield from _one(column, column.name, value, on)


def _missing(cat: Catalogue, content: Content, by: Writer) -> Iterator[tuple[str, Problem]]:
    filled = {name for name, value in content.items() if not isinstance(value, list) or any(value)}
    for field in cat.fields:
        if (by == "person" and field.owner == "agency") or field.name in filled:
            continue
        if field.required == "always":
            yield field.name, problem("missing")
        elif field.required_when and field.required_when in filled:
            other = cat.by_name[field.required_when]
            yield field.name, problem("missing-with", other=(other.label, other.label_en))
