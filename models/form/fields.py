"""The field catalogue: what a version of the form asks for, as data with its order, labels and protection."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Literal

from .codes import code_list
from .loading import document

Owner = Literal["person", "agency"]
Sensitivity = Literal["B", "S", "W"]
Required = Literal["always", "conditional", "optional"]

KINDS = frozenset(
    {"string", "text", "code", "address", "date", "partial_date", "month", "year", "integer", "decimal"}
    | {"money", "percent", "org_unit", "attachment", "citizen_id", "phone", "social_insurance"}
    | {"health_insurance", "email", "login", "table"}
)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the form, a table included; a table's columns are fields too.

    ``min`` and ``max`` bound numbers; for strings ``max`` is a number of characters. ``places`` are decimals.
    ``past``: the date cannot lie after the day of checking. ``birth``: nor before the person's birth.
    ``current``: an address of today's units only. ``disjoint``: a table's periods may not overlap.
    ``same_as``: under which name the general form holds the same thing, where this form has another.
    """

    name: str
    label: str
    label_en: str
    kind: str
    item: str = ""
    required: Required = "optional"
    required_when: str | None = None
    code_list: str | None = None
    repeats: bool = False
    sensitivity: Sensitivity = "W"
    encrypted: bool = False
    owner: Owner = "person"
    min: Decimal | None = None
    max: Decimal | None = None
    places: int = 0
    upper: bool = False
    past: bool = False
    birth: bool = True
    current: bool = False
    columns: tuple["Field", ...] = ()
    key: tuple[str, ...] = ()
    max_rows: int = 200
    disjoint: bool = False
    sheet: str = ""
    same_as: str = ""

    @property
    def meaning(self) -> str:
        """By what it is known in every form."""
        return self.same_as or self.name

    @property
    def is_table(self) -> bool:
        """Whether its value is a list of rows."""
        return self.kind == "table"

    @cached_property
    def column(self) -> Mapping[str, "Field"]:
        """A table's columns by name."""
        return {column.name: column for column in self.columns}


@dataclass(frozen=True, eq=False)
class Catalogue:
    """A version of a form. ``fields`` is in the order of the paper form, tables included.

    ``sheet``: the sheet of the import workbook with its people. ``since``: the field with the date since when
    the person has been where they are. ``also``: names under which regulations know it besides its version.
    """

    version: str
    title: str
    title_en: str
    document: str
    source: str
    fields: tuple[Field, ...]
    in_force_from: date
    sheet: str = ""
    since: str = ""
    also: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Top-level fields by their english_field."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_meaning(self) -> Mapping[str, Field]:
        """Top-level fields by what every form knows them by."""
        return {field.meaning: field for field in self.fields}

    @property
    def tables(self) -> tuple[Field, ...]:
        """The repeating tables, in order."""
        return tuple(field for field in self.fields if field.is_table)

    @property
    def scalars(self) -> tuple[Field, ...]:
        """All that is not a table, in order."""
        return tuple(field for field in self.fields if not field.is_table)

    def field(self, path: str) -> Field:
        """The field at a path like ``education[2].from_month`` or ``birth_place.commune``; or KeyError."""
        head, _, rest = path.partition(".")
        found = self.by_name[head.partition("[")[0]]
        return found.column[rest] if rest and found.is_table else found

    def label(self, path: str) -> str:
        """The Vietnamese label of a path; a table's row is counted from 1: ``Tin học, dòng 3: Từ``."""
        return self._labelled(path, "dòng", lambda field: field.label)

    def label_en(self, path: str) -> str:
        """The English label of a path."""
        return self._labelled(path, "row", lambda field: field.label_en)

    def _labelled(self, path: str, word: str, name: Any) -> str:
        head, _, rest = path.partition(".")
        table, _, index = head.partition("[")
        if table not in self.by_name:
            return path
        found = self.by_name[table]
        text: str = name(found)
        if index:
            text += f", {word} {int(index.rstrip(']')) + 1}"
        if rest and found.is_table and rest in found.column:
            text += f": {name(found.column[rest])}"
        return text

    def citation(self, field: Field) -> str:
        """Where the form asks for it."""
        return f"{self.source}, mục {field.item}" if field.item else self.source

    def walk(self) -> Iterator[tuple[str, Field]]:
        """Every field and every column with its generic path (``education``, ``education[].mode``)."""
        for field in self.fields:
            yield field.name, field
            for column in field.columns:
                yield f"{field.name}[].{column.name}", column


@cache
def catalogue(version: str = "tt06_2023") -> Catalogue:
    """The form of that version. KeyError for an unknown one, ValueError where the data contradicts itself."""
    data = document("catalogues", version)
    fields = tuple(_field(entry) for entry in data["fields"])
    words = {name: data[name] for name in ("version", "title", "title_en", "document", "source")}
    more = {name: data[name] for name in ("sheet", "since") if name in data}
    found = Catalogue(
        **words,
        **more,
        fields=fields,
        in_force_from=data["in_force_from"],
        also=tuple(data.get("also", ())),
    )
    _check(found)
    return found


def _field(entry: Mapping[str, Any], parent: Mapping[str, Any] | None = None) -> Field:
    known = dict(entry)
    for protection in ("sensitivity", "encrypted", "owner", "item"):
        if parent and protection in parent:
            known.setdefault(protection, parent[protection])
    known["kind"] = known.pop("type")
    if "list" in known:
        known["code_list"] = known.pop("list")
    for bound in ("min", "max"):
        if bound in known:
            known[bound] = Decimal(known[bound])
    columns = tuple(_field(column, entry) for column in known.pop("columns", ()))
    key = tuple(known.pop("key", ()))
    try:
        return replace(Field(**known), columns=columns, key=key)
    except TypeError as error:
        raise ValueError(f"field {entry.get('name')!r}: {error}") from error


def _check(cat: Catalogue) -> None:
    names = [field.name for field in cat.fields]
    if len(set(names)) != len(names) or len(cat.by_meaning) != len(names):
        raise ValueError(f"{cat.version}: a field stands twice")
    if cat.since and cat.since not in cat.by_name:
        raise ValueError(f"{cat.version}: since names no field")
    for path, field in cat.walk():
        if field.kind not in KINDS:
            raise ValueError(f"{cat.version}: {path}: unknown type {field.kind!r}")
        if (field.kind == "code") is not (field.code_list is not None):
            raise ValueError(f"{cat.version}: {path}: a code and its list go together")
        if field.code_list:
            code_list(field.code_list)
        if field.required_when and field.required_when not in cat.by_name:
            raise ValueError(f"{cat.version}: {path}: required_when names no field")
        if not set(field.key) <= set(field.column):
            raise ValueError(f"{cat.version}: {path}: a key column is missing")
