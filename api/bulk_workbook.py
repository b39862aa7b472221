"""An order's workbook: one sheet, in its first row names of members (or their words), then a line for each.

A line names its person by ``profile_id``, ``staff_number`` or ``personal_id_number``; every other column is a
member of the single command's body and goes before what is common. What the system writes it reads back.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy import text

from api.bulk_fields import SHOWN, content_of_row
from api.ordering import Chosen, few_enough
from api.reading import bulk, permits
from api.reading.profiles import _ID_NUMBER as ID_NUMBER
from api.request_words import words
from api.scope import Reading
from models.errors import Refusal, RefusedError
from models.form import Catalogue, guarded, people_of

NAMES = ("profile_id", "staff_number", "personal_id_number")
_GUARDED = re.compile(r"'+[=+\-@]")
_NOBODY = Refusal("not-found", "Không tìm thấy hồ sơ của dòng này.", "Nobody is found by this line.")
_SEVERAL = Refusal(
    "malformed-request",
    "Nhiều hồ sơ có số hiệu này; dùng mã hồ sơ hoặc số định danh.",
    "Several profiles have this staff number; use the profile's id or the personal ID number.",
)
_AGENCY = Refusal("unknown-agency", "Không có cơ quan mang mã này.", "No agency has this code.")


def lines_of(data: bytes, form: Catalogue | None = None) -> list[tuple[int, dict[str, Any]]]:
    """The lines as (row, members); with a form, columns of its fields are the line's ``content``.

    Raises:
        RefusedError: ``import-unreadable``, ``malformed-request`` naming the column, ``bulk-too-large``.
    """
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        rows = iter(book.get_sheet_by_index(0).to_python(skip_empty_area=False))
    except (CalamineError, IndexError, ValueError) as error:
        raise RefusedError.of("import-unreadable") from error
    header = [_name(cell) for cell in next(rows, [])]
    if not set(header) & set(NAMES):
        raise RefusedError.of(
            "malformed-request",
            "Dòng đầu phải có cột Hồ sơ, Số hiệu hoặc Số định danh cá nhân.",
            "The first row needs a column profile_id, staff_number or personal_id_number.",
        )
    found = [(number, _members(header, number, cells, form)) for number, cells in enumerate(rows, start=2)]
    lines = [(number, members) for number, members in found if members]
    few_enough(len(lines))
    return lines


def _name(cell: Any) -> str:
    """The member a column is, by its name or by its word; empty for a column without a heading."""
    said = _plain(cell)
    if said is None:
        return ""
    known = {word.casefold(): name for name, word in words().items()}
    return said if said in words() or said in NAMES else known.get(str(said).casefold(), str(said))


def _members(
    header: Sequence[str], number: int, cells: Sequence[Any], form: Catalogue | None
) -> dict[str, Any]:
    said = content_of_row(form, header, number, cells) if form is not None else None
    fields = {one.name for one in people_of(form).columns} if form is not None else set()
    pairs = (
        (name, _plain(cell))
        for name, cell in zip(header, cells, strict=False)
        if name and name not in SHOWN and name not in fields
    )
    members = {name: value for name, value in pairs if value is not None}
    return members | ({"content": said} if members and said is not None else {})


def _plain(cell: Any) -> Any:
    """A cell as JSON has it: days as texts, whole numbers whole, our own guard against formulas taken off."""
    match cell:
        case None | "":
            return None
        case bool():
            return cell
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case float() if cell.is_integer():
            return int(cell)
        case str():
            said = cell.strip()
            return (said[1:] if _GUARDED.match(said) else said) or None
        case _:
            return cell


async def chosen_from(read: Reading, lines: Sequence[tuple[int, Mapping[str, Any]]]) -> list[Chosen]:
    """Whom each line names, among those the asker may see; a line that names nobody is refused by itself."""
    numbers = [str(one["staff_number"]) for _, one in lines if "staff_number" in one]
    ids = [str(one["personal_id_number"]) for _, one in lines if "personal_id_number" in one]
    staff = await _by_staff_number(read, numbers) if numbers else {}
    citizens = await _by_id_number(read, ids) if ids else {}
    agencies = await _agencies(read, lines)
    return [_chosen(number, dict(one), staff, citizens, agencies) for number, one in lines]


def _chosen(
    row: int,
    members: dict[str, Any],
    staff: Mapping[str, list[UUID]],
    citizens: Mapping[str, UUID],
    agencies: Mapping[str, UUID],
) -> Chosen:
    revision = members.pop("revision", None)
    named = {name: str(members.pop(name)) for name in NAMES if name in members}
    person = _person(named, staff, citizens)
    found, refusal = (None, person) if isinstance(person, Refusal) else (person, None)
    if (code := members.pop("to_agency_code", None)) is not None:
        if str(code) not in agencies:
            return Chosen(found, source_row=row, refusal=refusal or _AGENCY)
        members["to_agency_id"] = agencies[str(code)]
    if isinstance(members.get("content"), Refusal):
        return Chosen(found, source_row=row, refusal=refusal or members["content"])
    if revision is not None and not isinstance(revision, int):
        refusal = refusal or Refusal("malformed-request", "Phiên bản không phải số.", "Revision: a number.")
        revision = None
    own = {k: str(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in members.items()}
    return Chosen(found, revision, own, row, refusal)


def _person(
    named: Mapping[str, str], staff: Mapping[str, list[UUID]], citizens: Mapping[str, UUID]
) -> UUID | Refusal:
    if "profile_id" in named:
        try:
            return UUID(named["profile_id"])
        except ValueError:
            return _NOBODY
    if "personal_id_number" in named:
        return citizens.get(named["personal_id_number"], _NOBODY)
    found = staff.get(named.get("staff_number", ""), [])
    return found[0] if len(found) == 1 else (_SEVERAL if found else _NOBODY)


async def _by_staff_number(read: Reading, numbers: Sequence[str]) -> dict[str, list[UUID]]:
    where = ["p.staff_number = ANY (:numbers)", "p.chapter <> 'archive'"]
    values: dict[str, Any] = {"numbers": list(numbers)}
    await permits.profiles_within(read, where, values)
    query = f"SELECT p.id, p.staff_number FROM profiles p WHERE {' AND '.join(where)}"  # noqa: S608 — names of our own
    found: dict[str, list[UUID]] = {}
    for row in await read.connection.execute(text(query), values):
        found.setdefault(row.staff_number, []).append(row.id)
    return found


async def _by_id_number(read: Reading, numbers: Sequence[str]) -> dict[str, UUID]:
    """Nobody is found by a number that the asker may not see."""
    candidates = {
        index: number
        for number in numbers
        for index in read.tools.blind.candidates(read.who.authority_id, number)
    }
    where = ["p.id_number_index = ANY (:indexes)", "p.chapter <> 'archive'"]
    values: dict[str, Any] = {"indexes": list(candidates)}
    await permits.profiles_within(read, where, values, ID_NUMBER)
    query = f"SELECT p.id, p.id_number_index FROM profiles p WHERE {' AND '.join(where)}"  # noqa: S608 — names of our own
    rows = await read.connection.execute(text(query), values)
    return {candidates[bytes(row.id_number_index)]: row.id for row in rows}


_CODES = text("SELECT code, id FROM agencies_today WHERE code = ANY (:codes)")


async def _agencies(read: Reading, lines: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[str, UUID]:
    codes = [str(one["to_agency_code"]) for _, one in lines if "to_agency_code" in one]
    rows = await read.connection.execute(_CODES, {"codes": codes})
    return {row.code: row.id for row in rows}


COLUMNS = (
    ("profile_id", "Hồ sơ"),
    ("full_name", "Họ và tên"),
    ("staff_number", "Số hiệu"),
    ("source_row", "Dòng của sổ"),
    ("revision", "Phiên bản đã xem"),
    ("state", "Kết quả"),
    ("code", "Mã lý do"),
    ("reason", "Lý do"),
)


async def results(read: Reading, order_id: UUID) -> bytes:
    """The order's items as a workbook, texts guarded against being formulas.

    Raises:
        RefusedError: ``not-found``.
    """
    rows = [[_cell(getattr(item, name)) for name, _ in COLUMNS] async for item in _all(read, order_id)]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Kết quả")
    for row in [[title for _, title in COLUMNS], *rows]:
        sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


async def _all(read: Reading, order_id: UUID) -> AsyncIterator[bulk.BulkItem]:
    after = None
    while True:
        page = await bulk.items(read, order_id, states=None, limit=500, after=after)
        for item in page.items:
            yield item
        if (after := page.next) is None:
            return


_WORDS = {"waiting": "còn chờ", "done": "xong", "refused": "bị từ chối"}


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return _WORDS.get(value) or guarded(value)
    return str(value) if isinstance(value, UUID) else value
