"""The import workbook's sheets and columns, made from the catalogue: template and import agree.

Sheets: ``Cơ quan`` (agencies), ``Vị trí`` (posts, holders, accounts), ``Hồ sơ`` (one row per person: what
the import adds, then every scalar field of the form; people of another form stand in a sheet that bears its
name), and one sheet per repeating table whose rows name their person by citizen identity number, or by staff
number where that cell is empty. Row 1 of a sheet has the Vietnamese labels, row 2 the english_field names by
which columns are found, in any order; data begin in row 3.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from .codes import code_list
from .fields import Catalogue, Field, catalogue
from .places import provinces

FIRST_ROW = 3
PROFILES = "Hồ sơ"
KEYS = ("citizen_id_number", "staff_number")

_CODED = frozenset({"rank", "province"})
_PARTS = {
    "province": ("tỉnh, thành phố", "province"),
    "commune": ("xã, phường", "commune"),
    "district": ("huyện, quận (trước 1/7/2025)", "district (before 1 July 2025)"),
    "detail": ("số nhà, đường, thôn", "detail"),
    "abroad": ("ở nước ngoài", "abroad"),
}
_CURRENT_PARTS = ("province", "commune", "detail")


@dataclass(frozen=True)
class Column:
    """One column. ``part`` is set where an address takes several columns; ``required`` as the form says."""

    name: str
    label: str
    label_en: str
    field: Field
    part: str = ""
    required: bool = False

    @property
    def choices(self) -> str | None:
        """The name of the list behind the column's drop-down: a code list, or ``province``."""
        if self.part:
            return "province" if self.part == "province" else None
        return None if self.field.repeats else self.field.code_list


@dataclass(frozen=True)
class Sheet:
    """One sheet. ``name`` is ``agencies``, ``posts``, ``profiles`` or the english_field of a table."""

    name: str
    title: str
    columns: tuple[Column, ...]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Columns by the name in the second row."""
        return {column.name: column for column in self.columns}


def choices_of(name: str) -> tuple[str, ...]:
    """What a drop-down offers, in the list's order."""
    codes = provinces() if name == "province" else code_list(name).codes
    return tuple(choice(name, code) for code in codes)


def choice(name: str, code: str) -> str:
    """How a code is shown in a cell: its label, with the code in front where people know the code."""
    label = provinces().get(code, code) if name == "province" else code_list(name).label(code)
    return f"{code} – {label}" if name in _CODED and label != code else label


@cache
def workbook(cat: Catalogue) -> tuple[Sheet, ...]:
    """All sheets of the import workbook for a version of the form."""
    about = catalogue("workbook")
    agencies, posts = (
        Sheet(table.name, table.sheet, tuple(_columns(table.columns))) for table in about.tables
    )
    scalars = [field for field in cat.scalars if field.kind != "attachment"]
    profiles = Sheet("profiles", cat.sheet or PROFILES, (*_columns(about.scalars), *_columns(scalars)))
    keys = [_key(cat.by_name[name]) for name in KEYS if name in cat.by_name]
    tables = (
        Sheet(table.name, table.sheet or table.label[:31], (*keys, *_columns(table.columns)))
        for table in cat.tables
    )
    return (agencies, posts, profiles, *tables)


def people_of(cat: Catalogue) -> Sheet:
    """The sheet of a form with one row per person."""
    return workbook(cat)[2]


def sheet_named(cat: Catalogue, name: str) -> Sheet:
    """The sheet of that name. KeyError when the workbook has none."""
    found = {sheet.name: sheet for sheet in workbook(cat)}
    return found[name]


def _key(field: Field) -> Column:
    return Column(field.name, field.label, field.label_en, field)


def _columns(fields: Iterator[Field] | tuple[Field, ...] | list[Field]) -> Iterator[Column]:
    for field in fields:
        required = field.required == "always"
        if field.kind != "address":
            yield Column(field.name, field.label, field.label_en, field, required=required)
            continue
        for part in _CURRENT_PARTS if field.current else _PARTS:
            vi, en = _PARTS[part]
            must = required and part == "province" and field.current
            label, label_en = f"{field.label}: {vi}", f"{field.label_en}: {en}"
            yield Column(f"{field.name}.{part}", label, label_en, field, part, must)
