"""Loads of law and calendar, and what a load would move."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.scope import Reading
from models.access import reach
from models.errors import RefusedError
from models.lifecycle.rebasing import Judged
from models.record.lawmaking import Preview

SHOWN = 500
"""Moves listed one by one; the counts are of all."""


class PlannedLoad(BaseModel):
    """A rule set that would be in force from a day on."""

    starts: date = Field(title="Từ ngày")
    hash: str = Field(title="Mã băm nội dung")
    documents: list[str] = Field(title="Văn bản")


class OfAgency(BaseModel):
    """How many duties of one agency would move."""

    agency_id: UUID = Field(title="Cơ quan")
    code: str = Field(title="Mã")
    name: str = Field(title="Tên")
    duties: int = Field(title="Số nghĩa vụ dời")


class Moved(BaseModel):
    """One duty with its dates and the reasons."""

    duty_id: UUID = Field(title="Nghĩa vụ")
    agency_id: UUID = Field(title="Cơ quan")
    slot: str = Field(title="Loại")
    due_before: date | None = Field(title="Hạn hiện nay")
    due: date | None = Field(title="Hạn mới")
    citation: str = Field(title="Căn cứ")
    why: list[dict[str, Any]] = Field(title="Lý do")


class LawPreview(BaseModel):
    """What an act would load and move; nothing was written."""

    loads: list[PlannedLoad] = Field(title="Bộ quy định sẽ nạp")
    calendar: str | None = Field(title="Mã băm lịch sẽ nạp")
    duties: int = Field(title="Số nghĩa vụ dời")
    kept: int = Field(title="Giữ theo quy định cũ vì quy định mới không nói đến")
    agencies: list[OfAgency] = Field(title="Theo cơ quan")
    moves: list[Moved] = Field(title="Từng nghĩa vụ", max_length=SHOWN)


class LawLoad(BaseModel):
    """One load; a calendar has no day of its own: the newest is reckoned with."""

    id: UUID = Field(title="Lần nạp")
    kind: str = Field(title="Quy định hay lịch", description="law, calendar")
    hash: str = Field(title="Mã băm nội dung")
    starts: date | None = Field(title="Từ ngày")
    document: str = Field(title="Văn bản căn cứ")
    approver_id: UUID | None = Field(title="Người phê duyệt")
    loaded_at: datetime = Field(title="Thời điểm nạp")
    regulation: str | None = Field(
        title="Quy chế của",
        description="Chỉ với phần cây tổ chức thuộc quy chế khác / only of a part of the tree under another",
    )


class LawLoads(BaseModel):
    """Every load, the newest first."""

    items: list[LawLoad] = Field(title="Các lần nạp")


class LawMove(BaseModel):
    """One duty a load moved, or left standing because its law is silent; kept for ever."""

    duty_id: UUID = Field(title="Nghĩa vụ")
    agency_id: UUID = Field(title="Cơ quan phải làm")
    slot: str = Field(title="Loại")
    kept: bool = Field(title="Giữ theo quy định cũ", description="Quy định mới không nói đến")
    due_before: date | None = Field(title="Hạn trước")
    due: date | None = Field(title="Hạn sau")
    citation_before: str = Field(title="Căn cứ trước")
    citation: str = Field(title="Căn cứ sau")
    party_before: str = Field(title="Người phải làm trước")
    party: str = Field(title="Người phải làm sau")
    why: list[dict[str, Any]] = Field(title="Lý do")
    moved_at: datetime = Field(title="Thời điểm dời")


class LawMoves(Page):
    """What one load moved, a page at a time."""

    items: list[LawMove] = Field(title="Từng nghĩa vụ")
    moved: int = Field(title="Số nghĩa vụ dời")
    kept: int = Field(title="Số nghĩa vụ giữ nguyên")


_LOAD = text(
    "SELECT 1 FROM rule_set_loads WHERE id = :load UNION ALL SELECT 1 FROM calendar_loads WHERE id = :load"
    " UNION ALL SELECT 1 FROM regime_loads WHERE id = :load"
)
_COUNTS = text(
    "SELECT count(*) FILTER (WHERE NOT kept) AS moved, count(*) FILTER (WHERE kept) AS kept"
    " FROM law_moves WHERE load_id = :load"
)
_MOVES = text(
    "SELECT id, duty_id, agency_id, slot, kept, due_before, due, citation_before, citation, party_before,"
    " party, why, moved_at FROM law_moves WHERE load_id = :load AND (CAST(:last AS uuid) IS NULL"
    " OR id > CAST(:last AS uuid)) ORDER BY id LIMIT :limit"
)
_LOADS = text(
    "SELECT id, 'law' AS kind, hash, valid_from AS starts, document, approver_id, loaded_at,"
    " NULL AS regulation FROM rule_set_loads UNION ALL"
    " SELECT id, 'law', hash, valid_from, document, approver_id, loaded_at, regulation FROM regime_loads"
    " UNION ALL SELECT id, 'calendar', hash, NULL, document, approver_id, loaded_at, NULL FROM calendar_loads"
    " ORDER BY loaded_at DESC, id DESC LIMIT 500"
)


async def loads(read: Reading) -> LawLoads:
    """Every load of the asker's authority."""
    rows = (await read.connection.execute(_LOADS)).all()
    return LawLoads(items=[LawLoad.model_validate(row._asdict()) for row in rows])


async def moves(read: Reading, load_id: UUID, limit: int, after: str | None) -> LawMoves:
    """What a load moved: from when to when, why, and who owes it; administrators and whoever reads reports.

    Raises:
        RefusedError: ``not-permitted``; ``not-found`` where the asker's authority has no such load.
    """
    law, _ = await read.own_law()
    actor = read.who.actor
    if not any(reach(actor, verb, read.today, law).everywhere for verb in ("administer", "read_reports")):
        raise RefusedError.of(
            "not-permitted",
            "Chỉ quản trị hệ thống và cơ quan quản lý cơ sở dữ liệu được xem.",
            "Only administrators and the managing department may see this.",
        )
    if (await read.connection.execute(_LOAD, {"load": load_id})).first() is None:
        raise RefusedError.of("not-found", "Không có lần nạp này.", "There is no such load.")
    last = key_of(after, UUID)
    values = {"load": load_id, "last": last[0] if last else None, "limit": limit + 1}
    rows, more = page((await read.connection.execute(_MOVES, values)).all(), limit)
    counts = (await read.connection.execute(_COUNTS, {"load": load_id})).one()
    return LawMoves(
        items=[LawMove.model_validate(row._asdict()) for row in rows],
        moved=counts.moved,
        kept=counts.kept,
        next=cursor(rows[-1].id) if more else None,
    )


def shown(seen: Preview) -> LawPreview:
    """A preview as it is sent."""
    return LawPreview(
        loads=[
            PlannedLoad(starts=start, hash=rules.hash, documents=[one.id for one in rules.regulations])
            for start, rules in (
                *seen.plan.laws,
                *(one for laws in seen.plan.regimes.values() for one in laws),
            )
        ],
        calendar=seen.plan.calendar.hash if seen.plan.calendar else None,
        duties=len(seen.moves),
        kept=seen.kept,
        agencies=[OfAgency(agency_id=a, code=c, name=n, duties=count) for a, c, n, count in seen.agencies],
        moves=[_moved(one) for one in seen.moves[:SHOWN]],
    )


def _moved(one: Judged) -> Moved:
    duty = one.before.duty
    return Moved(
        duty_id=duty.id,
        agency_id=duty.agency_id,
        slot=duty.slot,
        due_before=duty.due_on,
        due=one.due[1],
        citation=one.obligation.citation,
        why=list(one.why),
    )
