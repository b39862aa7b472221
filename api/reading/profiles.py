"""Profiles as of now: lists, search, the header of one."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import duties, law_in_force, permits
from api.reading.duties import DutyLine
from api.reading.law_in_force import LawInForce
from api.reading.steps import next_step
from api.scope import Reading
from models.errors import RefusedError
from models.form import forms, level_of
from models.lifecycle.life import CHAPTER_VI, STATUS_VI, Chapter, Status

PRINTABLE = r"^[^\x00-\x1f]*$"


class ProfileLine(BaseModel):
    """One profile in a list."""

    id: UUID = Field(title="Hồ sơ")
    full_name: str = Field(title="Họ và tên")
    staff_number: str | None = Field(title="Số hiệu")
    category: str = Field(title="Loại")
    agency_id: UUID = Field(title="Cơ quan, đơn vị đang quản lý")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    chapter: str = Field(title="Giai đoạn")
    chapter_vi: str = Field(title="Giai đoạn bằng lời")
    status: str = Field(title="Tình trạng")
    status_vi: str = Field(title="Tình trạng bằng lời")


class Profiles(Page):
    """A page of profiles."""

    items: list[ProfileLine] = Field(title="Hồ sơ")


class Custody(BaseModel):
    """Which agency holds the profile, from and until when (the end is the first day without it)."""

    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị", description="khi thôi quản lý / as named then")
    agency_today: str = Field(title="Tên hiện nay", description="của cơ quan đó / its name today")
    starts_on: date = Field(title="Từ ngày")
    ends_on: date | None = Field(title="Đến ngày")
    case_id: UUID | None = Field(title="Việc chuyển")


class OpenCase(BaseModel):
    """The transfer or separation that is open."""

    id: UUID = Field(title="Việc")
    kind: str = Field(title="Loại việc")
    mode: str = Field(title="Hình thức")
    state: str = Field(title="Trạng thái")
    effective_on: date = Field(title="Ngày có hiệu lực")
    to_agency_id: UUID | None = Field(title="Cơ quan đến")


class Dispute(BaseModel):
    """What the official disputes and nobody has decided yet."""

    id: UUID = Field(title="Khiếu nại")
    path: str = Field(title="Mục hoặc quyết định đang khiếu nại")
    asked_at: datetime = Field(title="Từ lúc")
    due_on: date | None = Field(title="Hạn giải quyết")


class Profile(ProfileLine):
    """One profile as of now."""

    revision_number: int = Field(title="Số phiên bản mới nhất", description="Cũng là ETag: r<số>")
    custody: Custody | None = Field(title="Đơn vị quản lý hồ sơ")
    approved_revision_id: UUID | None = Field(title="Phiên bản đã duyệt")
    pending_revision_id: UUID | None = Field(title="Phiên bản chờ duyệt")
    draft_revision_id: UUID | None = Field(title="Bản nháp")
    synced_revision_id: UUID | None = Field(title="Phiên bản CSDLQG đang giữ")
    open_case: OpenCase | None = Field(title="Việc đang mở")
    disposed_at: datetime | None = Field(default=None, title="Nội dung đã hủy lúc")
    merged_into: UUID | None = Field(default=None, title="Đã hợp nhất vào hồ sơ")
    merged_from: list[UUID] = Field(
        default=[],
        title="Hồ sơ đã hợp nhất vào đây",
        description="Bản khai, tệp, diễn biến vẫn đọc được ở đó",
    )
    duties: list[DutyLine] = Field(title="Nghĩa vụ đang mở")
    disputed: list[Dispute] = Field(default=[], title="Đang khiếu nại, chưa giải quyết")
    next_step: str = Field(title="Bước tiếp theo")
    role: str = Field(title="Vai trò dùng để xem")
    citation: str | None = Field(title="Căn cứ để được xem")
    law: LawInForce = Field(title="Quy định áp dụng", description="Của đơn vị đang quản lý / of its unit")


class Search(BaseModel):
    """By name, staff number or personal ID number; never in a URL. What is given must all hold."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: Annotated[str, StringConstraints(min_length=2, max_length=100, pattern=PRINTABLE)] | None = Field(
        default=None, title="Họ tên", description="Không phân biệt dấu; từ đầu họ tên hoặc từ tên trở lại"
    )
    staff_number: Annotated[str, StringConstraints(min_length=1, max_length=30, pattern=PRINTABLE)] | None = (
        Field(default=None, title="Số hiệu")
    )
    personal_id_number: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = Field(
        default=None, title="Số định danh cá nhân"
    )
    limit: int = Field(default=50, ge=1, le=200, title="Số dòng")
    after: str | None = Field(default=None, max_length=400, title="Trang sau")


_ID_NUMBER = max(level_of(form.by_name["citizen_id_number"]).rank for form in forms().values())
"""The level of restriction of the personal ID number, in whichever form asks the most."""
_LINE = (
    "SELECT p.id, p.full_name, p.staff_number, p.category, p.agency_id, a.name AS agency, p.chapter, p.status"
    " FROM profiles p JOIN agencies a ON a.id = p.agency_id"
)
_BELOW = (
    "ARRAY(SELECT descendant_id FROM agency_closure WHERE ancestor_id = CAST(:agency AS uuid)"
    " AND valid_to IS NULL)"
)
_LATE = "SELECT profile_id FROM duties WHERE state = 'open' AND due_at <= :now AND profile_id IS NOT NULL"
# Found once, as an array: people are then met in the order of their ids, by the index, until a page is full.
_OVERDUE = f"p.id = ANY (ARRAY({_LATE}))"
_NOT_OVERDUE = f"p.id NOT IN ({_LATE})"


def _row(row: Any) -> dict[str, Any]:
    return {
        **row._mapping,
        "chapter_vi": CHAPTER_VI[Chapter(row.chapter)],
        "status_vi": STATUS_VI[Status(row.status)],
    }


async def _found(
    read: Reading,
    where: list[str],
    values: dict[str, Any],
    limit: int,
    after: str | None,
    level: int = 1,
) -> Profiles:
    """One page in the order of ids, within what the asker may read; up to ``level`` at least."""
    await permits.profiles_within(read, where, values, level)
    key = key_of(after, UUID)
    if key is not None:
        where.append("p.id > CAST(:last AS uuid)")
        values["last"] = key[0]
    query = f"{_LINE} WHERE {' AND '.join(where) or 'true'} ORDER BY p.id LIMIT :limit"
    result = await read.connection.execute(text(query), {**values, "limit": limit + 1})
    rows, more = page(result.all(), limit)
    return Profiles(
        items=[ProfileLine.model_validate(_row(row)) for row in rows],
        next=cursor(rows[-1].id) if more else None,
    )


async def listed(
    read: Reading,
    *,
    agency: UUID | None,
    chapter: Chapter | None,
    status: Status | None,
    overdue: bool | None,
    limit: int,
    after: str | None,
) -> Profiles:
    """Profiles in scope; ``agency`` means its whole subtree."""
    where: list[str] = []
    if agency is not None:
        where.append(f"p.agency_id = ANY ({_BELOW})")
    if chapter is not None:
        where.append("p.chapter = :chapter")
    if status is not None:
        where.append("p.status = :status")
    if overdue is not None:
        where.append(_OVERDUE if overdue else _NOT_OVERDUE)
    values = {
        "agency": agency,
        "chapter": chapter.value if chapter else None,
        "status": status.value if status else None,
        "now": read.now,
    }
    return await _found(read, where, values, limit, after)


async def search(read: Reading, asked: Search) -> Profiles:
    """People by name, staff number or ID number.

    By its number nobody is found whose number the asker may not see: a hit would tell it.

    Raises:
        RefusedError: ``malformed-request`` when nothing is asked; ``field-withheld`` for a number that the
            asker sees of nobody.
    """
    where: list[str] = []
    values: dict[str, Any] = {}
    if asked.name is not None:
        where.append(
            "(p.name_key ^@ hoso_name_key(:name) OR p.name_back ^@ hoso_name_back(:name))"
            " AND hoso_name_key(:name) <> ''"
        )
        values["name"] = asked.name
    if asked.staff_number is not None:
        where.append("p.staff_number = :staff_number")
        values["staff_number"] = asked.staff_number
    if asked.personal_id_number is not None:
        # In two halves, as the indexes are: numbers are unique among those who have not left.
        where.append(
            "(p.chapter <> 'archive' AND p.id_number_index = ANY (:indexes)"
            " OR p.chapter = 'archive' AND p.id_number_index = ANY (:indexes))"
        )
        candidates = read.tools.blind.candidates(read.who.authority_id, asked.personal_id_number)
        values["indexes"] = list(candidates)
    if not where:
        raise RefusedError.of(
            "malformed-request", "Cần ít nhất một điều kiện tìm.", "At least one condition is needed."
        )
    level = _ID_NUMBER if asked.personal_id_number is not None else 1
    return await _found(read, where, values, asked.limit, asked.after, level)


_DISPUTED = text(
    "SELECT id, path, asked_at, due_on FROM file_requests WHERE profile_id = :id AND kind = 'dispute'"
    " AND state = 'open' ORDER BY asked_at, id"
)
_CUSTODY = text(
    "SELECT c.agency_id, a.name AS agency_today, coalesce((SELECT s.name FROM agency_spans s"
    " WHERE s.agency_id = c.agency_id AND s.valid_from <= greatest(c.starts_on, coalesce(c.ends_on - 1,"
    " hoso_today()))"
    " ORDER BY s.valid_from DESC LIMIT 1), a.name) AS agency, c.starts_on, c.ends_on, c.case_id"
    " FROM custody c JOIN agencies a ON a.id = c.agency_id WHERE c.profile_id = :id"
    " ORDER BY c.starts_on, c.ends_on NULLS LAST"
)
_AGENCY = text("SELECT name FROM agencies WHERE id = :id")
_CASE = text("SELECT id, kind, mode, state, effective_on, to_agency_id FROM cases WHERE id = :id")
_DRAFT = text("SELECT id FROM revisions WHERE profile_id = :id AND state = 'draft'")
_MERGED = text("SELECT id FROM profiles WHERE merged_into = :id ORDER BY created_at, id")
_DUTIES = text(
    f"SELECT {duties.COLUMNS} {duties.JOINED} WHERE d.state = 'open' AND (d.profile_id = :id"
    " OR d.case_id = CAST(:case_id AS uuid)) ORDER BY d.due_on NULLS LAST, d.id"
)


async def custody(read: Reading, profile_id: UUID) -> list[Custody]:
    """Every agency that held the profile, in order, without gap."""
    await permits.profile(read, profile_id)
    rows = await read.connection.execute(_CUSTODY, {"id": profile_id})
    return [Custody.model_validate(dict(row._mapping)) for row in rows]


async def one(read: Reading, profile_id: UUID) -> Profile:
    """One profile as of now: where it stands, who holds it, what is owed."""
    subject = await permits.profile(read, profile_id)
    row = subject.row
    held = (await read.connection.execute(_CUSTODY, {"id": profile_id})).all()
    case = (await read.connection.execute(_CASE, {"id": row.case_id})).one_or_none()
    owed = await read.connection.execute(_DUTIES, {"id": profile_id, "case_id": row.case_id})
    draft = await read.connection.scalar(_DRAFT, {"id": profile_id})
    disputed = await read.connection.execute(_DISPUTED, {"id": profile_id})
    law, calendar = await read.law_at(row.agency_id)
    lines = [duties.line(duty, read, calendar) for duty in owed]
    return Profile.model_validate(
        {
            **_row(row),
            "agency": await read.connection.scalar(_AGENCY, {"id": row.agency_id}),
            "custody": dict(held[-1]._mapping) if held and held[-1].ends_on is None else None,
            "draft_revision_id": draft,
            "merged_from": list((await read.connection.execute(_MERGED, {"id": profile_id})).scalars()),
            "open_case": dict(case._mapping) if case is not None else None,
            "duties": lines,
            "disputed": [dict(d._mapping) for d in disputed],
            "next_step": next_step(
                row.chapter, lines, draft=draft is not None, pending=row.pending_revision_id
            ),
            "role": subject.role,
            "citation": subject.citation,
            "law": await law_in_force.told(read, row.agency_id, law, read.today),
        }
    )
