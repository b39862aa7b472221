"""Transfers, seen from both sides while they run."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import duties, permits
from api.reading.duties import DutyLine
from api.reading.steps import Call, settling
from api.scope import Reading

State = Literal["requested", "reported", "handed_over", "accepted", "refused", "withdrawn"]

STATE_VI = {
    "requested": "đã đề nghị, chờ báo cáo cơ quan quản lý cùng cấp",
    "reported": "đã báo cáo, chờ bàn giao hồ sơ",
    "handed_over": "đã bàn giao, chờ tiếp nhận",
    "accepted": "đã tiếp nhận",
    "refused": "bị từ chối tiếp nhận",
    "withdrawn": "đã rút",
}


class TransferLine(BaseModel):
    """One transfer in a list."""

    id: UUID = Field(title="Việc chuyển")
    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên", description="Cơ quan đến thấy từ khi hồ sơ được bàn giao")
    from_agency_id: UUID = Field(title="Cơ quan đi")
    from_agency: str = Field(title="Tên cơ quan đi")
    to_agency_id: UUID = Field(title="Cơ quan đến")
    to_agency: str = Field(title="Tên cơ quan đến")
    mode: str = Field(title="Hình thức")
    document: str = Field(title="Quyết định")
    effective_on: date = Field(title="Ngày có hiệu lực")
    state: str = Field(title="Trạng thái")
    state_vi: str = Field(title="Trạng thái bằng lời")
    opened_at: datetime = Field(title="Mở lúc")
    closed_at: datetime | None = Field(title="Kết thúc lúc")


class Transfers(Page):
    """A page of transfers."""

    items: list[TransferLine] = Field(title="Việc chuyển")


class Transfer(TransferLine):
    """One transfer with what is owed in it."""

    version: int = Field(title="Số lần thay đổi")
    facts: dict[str, Any] = Field(title="Chi tiết")
    duties: list[DutyLine] = Field(title="Nghĩa vụ đang mở")
    calls: list[Call] = Field(title="Lời gọi giải quyết")


_LINE = (
    "SELECT k.id, k.profile_id, p.full_name AS person, k.from_agency_id, f.name AS from_agency,"
    " k.to_agency_id, t.name AS to_agency, k.mode, k.document, k.effective_on, k.state, k.opened_at,"
    " k.closed_at, k.version, k.facts FROM cases k JOIN agencies f ON f.id = k.from_agency_id"
    " JOIN agencies t ON t.id = k.to_agency_id LEFT JOIN profiles p ON p.id = k.profile_id"
    " WHERE k.kind = 'transfer'"
)
_ONE = text(f"{_LINE} AND k.id = :id")
_DUTIES = text(
    f"SELECT {duties.COLUMNS} {duties.JOINED} WHERE d.case_id = :id AND d.state = 'open'"
    " ORDER BY d.due_on NULLS LAST, d.id"
)


async def listed(
    read: Reading, *, state: State | None, running: bool | None, limit: int, after: str | None
) -> Transfers:
    """Transfers from or to the asker's agencies, or the asker's own, in the order of their ids."""
    where, values = "", {"state": state, "limit": limit + 1}
    if state is not None:
        where += " AND k.state = :state"
    if running is not None:
        where += f" AND k.closed_at IS {'' if running else 'NOT '}NULL"
    key = key_of(after, UUID)
    if key is not None:
        where += " AND k.id > CAST(:last AS uuid)"
        values["last"] = key[0]
    query = text(f"{_LINE}{where} ORDER BY k.id LIMIT :limit")
    rows, more = page((await read.connection.execute(query, values)).all(), limit)
    return Transfers(
        items=[TransferLine.model_validate(_row(row)) for row in rows],
        next=cursor(rows[-1].id) if more else None,
    )


async def one(read: Reading, case_id: UUID) -> Transfer:
    """One transfer.

    Raises:
        RefusedError: ``not-found``.
    """
    row = (await read.connection.execute(_ONE, {"id": case_id})).one_or_none()
    if row is None:
        raise permits.missing()
    _, calendar = await read.tools.law(read.connection, read.who.authority_id, read.today)
    owed = await read.connection.execute(_DUTIES, {"id": case_id})
    lines = [duties.line(duty, read, calendar) for duty in owed]
    settled = {call.verb: call for duty in lines for call in settling(duty)}
    return Transfer.model_validate({**_row(row), "duties": lines, "calls": list(settled.values())})


def _row(row: Any) -> dict[str, Any]:
    return {**row._mapping, "state_vi": STATE_VI.get(row.state, row.state)}
