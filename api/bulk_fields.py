"""Fields of many approved forms as a workbook, to be edited and sent back as an order of ``change_fields``.

One row of names, then a line for each person, with the revision the values were read from: a line whose
profile has moved on since is refused by itself, and one that nobody edited changes nothing. An emptied cell
empties its field. Whoever stands on another form has no line: a second sheet, not read back, names them.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from sqlalchemy import text

from api.bulk_bodies import BulkFilter
from api.bulk_selection import filtered
from api.reading import permits
from api.scope import Reading
from models.errors import FieldRefusal, Refusal, RefusedError
from models.form import Catalogue, Sheet, cells_of, guarded, level_of, people_of, read_header, read_row
from models.lifecycle.forms import form_for
from models.record.load import contents_of

KEYS = ("profile_id", "full_name", "revision")
SHOWN = ("full_name", "state", "code", "reason", "source_row")
"""Columns for people to read; what stands there is not taken."""
MOST_PEOPLE, MOST_FIELDS = 1000, 40

LEFT_OUT = "Không có trong sổ"
"""The sheet of those who have no line, and why."""
_WHY = ("profile_id", "full_name", "form", "reason")

_PEOPLE = text(
    "SELECT p.id, p.full_name, p.revision_number, p.approved_revision_id, r.form_version FROM profiles p"
    " LEFT JOIN revisions r ON r.id = p.approved_revision_id WHERE p.id = ANY (:ids) ORDER BY p.id"
)


async def general_form(read: Reading) -> Catalogue:
    """The form that the law asks of officials today."""
    law, _ = await read.law_at(read.who.agency_id)
    return form_for(law, None, read.today)


def sheet_of(form: Catalogue, names: Sequence[str]) -> Sheet:
    """The columns of those fields: scalars, an address as its parts.

    Raises:
        RefusedError: ``malformed-request`` for a field the form does not have in one row.
    """
    scalars = {field.name for field in form.scalars if field.kind != "attachment"}
    unknown = [name for name in names if name not in scalars]
    if unknown or not 1 <= len(names) <= MOST_FIELDS:
        field = FieldRefusal(
            "field", "Mục", f"Từ 1 đến {MOST_FIELDS} mục đơn của mẫu.", "Single-valued fields of the form."
        )
        raise RefusedError.of("malformed-request", fields=(field,))
    wanted = tuple(
        one for one in people_of(form).columns if one.field.name in names and one.field.name in scalars
    )
    return Sheet("profiles", "Hồ sơ", wanted)


async def exported(read: Reading, names: Sequence[str], asked: BulkFilter) -> bytes:
    """The fields of whoever the filter finds, each read written into the log of who looked at what.

    Raises:
        RefusedError: ``malformed-request``, ``bulk-too-large``, ``not-permitted``, ``field-withheld``.
    """
    form = await general_form(read)
    sheet = sheet_of(form, names)
    level = max(level_of(column.field).rank for column in sheet.columns)
    ids = [one.profile_id for one in await filtered(read, asked, level=level, most=MOST_PEOPLE)]
    people = list(await read.connection.execute(_PEOPLE, {"ids": ids}))
    here = [one for one in people if one.form_version == form.version]
    rows: list[list[Any]] = [[*KEYS, *(column.name for column in sheet.columns)]]
    for start in range(0, len(here), 100):
        rows += await _rows(read, sheet, here[start : start + 100])
    book = Workbook(write_only=True)
    pages = {sheet.title: rows}
    if others := [one for one in people if one.form_version != form.version]:
        pages[LEFT_OUT] = [[*_WHY], *(_left_out(one, form) for one in others)]
    for title, lines in pages.items():
        page = book.create_sheet(title)
        for row in lines:
            page.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _left_out(one: Any, form: Catalogue) -> list[Any]:
    """Who has no line, and why; nothing of what they declared."""
    if one.form_version is None:
        why = "chưa có bản khai được phê duyệt / nothing was approved yet"
    else:
        why = f"khai theo mẫu khác hoặc mẫu cũ, sổ này theo mẫu {form.version} / on another form or version"
    return [str(one.id), guarded(one.full_name), one.form_version, why]


async def _rows(read: Reading, sheet: Sheet, here: Sequence[Any]) -> list[list[Any]]:
    revisions = [one.approved_revision_id for one in here]
    contents = await contents_of(read.connection, read.tools, read.who.authority_id, revisions)
    rows = []
    for one in here:
        await permits.profile(read, one.id)
        values = cells_of(sheet, contents[one.approved_revision_id])
        rows.append([str(one.id), guarded(one.full_name), one.revision_number, *values])
    return rows


def content_of_row(
    form: Catalogue, header: Sequence[str], row: int, cells: Sequence[Any]
) -> Mapping[str, Any] | Refusal | None:
    """What a line says of the form's fields; none where no column is one, a refusal where a cell is wrong."""
    columns = {column.name: column for column in people_of(form).columns if column.field.name in form.by_name}
    names = [name if name in columns else None for name in header]
    if not any(names):
        return None
    found, _ = read_header(Sheet("profiles", "Hồ sơ", tuple(columns.values())), names)
    values, issues = read_row(found, row, cells)
    if issues:
        wrong = tuple(FieldRefusal(i.field, i.column, i.message_vi, i.message_en) for i in issues)
        return Refusal("invalid-form", fields=wrong)
    fields = dict.fromkeys(columns[name].field.name for name in names if name is not None)
    return {name: values.get(name) for name in fields}
