"""Loads of law and calendar, and what a load would move."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.scope import Reading
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


class LawLoads(BaseModel):
    """Every load, the newest first."""

    items: list[LawLoad] = Field(title="Các lần nạp")


_LOADS = text(
    "SELECT id, 'law' AS kind, hash, valid_from AS starts, document, approver_id, loaded_at"
    " FROM rule_set_loads UNION ALL"
    " SELECT id, 'calendar', hash, NULL, document, approver_id, loaded_at FROM calendar_loads"
    " ORDER BY loaded_at DESC, id DESC LIMIT 500"
)


async def loads(read: Reading) -> LawLoads:
    """Every load of the asker's authority."""
    rows = (await read.connection.execute(_LOADS)).all()
    return LawLoads(items=[LawLoad.model_validate(row._asdict()) for row in rows])


def shown(seen: Preview) -> LawPreview:
    """A preview as it is sent."""
    return LawPreview(
        loads=[
            PlannedLoad(starts=start, hash=rules.hash, documents=[one.id for one in rules.regulations])
            for start, rules in seen.plan.laws
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
