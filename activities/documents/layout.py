"""The form as a list of printable entries: one line per item, tables with their columns, long texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from activities.documents.words import in_words
from models.form.fields import Catalogue, Field

Entry = dict[str, Any]


def entries(cat: Catalogue, form: Mapping[str, Any], content: Mapping[str, Any]) -> list[Entry]:
    """Everything below the heading, in the order of the form. ``form`` is the record of ``forms.yaml``."""
    printed = [field for field in cat.fields if not _in_heading(field, form)]
    listed: list[Entry] = []
    for item, same_item in groupby(printed, key=lambda field: field.item):
        fields = list(same_item)
        listed += _group(item, form, listed)
        listed += _item(item, fields, form, content)
    return listed


def _in_heading(field: Field, form: Mapping[str, Any]) -> bool:
    return field.name in form["heading"] or field.name in form["identity"]


def _group(item: str, form: Mapping[str, Any], before: Sequence[Entry]) -> Iterator[Entry]:
    """The common title of items such as 32.1 to 32.6, once before the first of them."""
    number = item.partition(".")[0]
    title = form["groups"].get(number)
    if title and not any(entry["number"].partition(".")[0] == number for entry in before):
        yield {"kind": "group", "number": number, "title": title}


def _item(
    item: str, fields: list[Field], form: Mapping[str, Any], content: Mapping[str, Any]
) -> Iterator[Entry]:
    level = 3 if item.partition(".")[0] in form["groups"] else 2
    short = [field for field in fields if not field.is_table and field.kind != "text"]
    if short:
        yield {"kind": "line", "number": item, "parts": [_part(field, content) for field in short]}
    for field in fields:
        if field.is_table:
            yield from _tables(field, form, content.get(field.name) or (), level)
        elif field.kind == "text":
            paragraphs = in_words(field, content.get(field.name)).split("\n")
            yield {
                "kind": "text",
                "number": item,
                "title": field.label,
                "level": level,
                "paragraphs": paragraphs,
            }


def _part(field: Field, content: Mapping[str, Any]) -> dict[str, str]:
    return {"label": field.label, "value": in_words(field, content.get(field.name))}


def _tables(
    field: Field, form: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], level: int
) -> Iterator[Entry]:
    split = form["split"].get(field.name)
    hidden = set(form["hidden_columns"].get(field.name, ())) | ({split["column"]} if split else set())
    if split is None:
        yield _table(field, form, rows, hidden, {"number": field.item, "title": field.label, "level": level})
        return
    for value, title in split["tables"].items():
        chosen = [row for row in rows if row.get(split["column"]) == value]
        yield _table(field, form, chosen, hidden, {**title, "level": 3})


def _table(
    field: Field,
    form: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    hidden: set[str],
    title: Mapping[str, Any],
) -> Entry:
    columns = [column for column in field.columns if column.name not in hidden]
    return {
        "kind": "table",
        **title,
        "columns": [column.label for column in columns],
        "widths": form["widths"].get(field.name) or [1] * len(columns),
        "rows": [[in_words(column, row.get(column.name)) for column in columns] for row in rows]
        or [[""] * len(columns)],
    }
