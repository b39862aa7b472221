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
from models.lifecycle.life import Case
from models.lifecycle.route import route, told
from models.regulations import RuleSet

State = Literal["requested", "asked", "reported", "handed_over", "accepted", "refused", "withdrawn"]

STATE_VI = {
    "requested": "đã mở, chờ bước đầu tiên theo quy chế",
    "asked": "cơ quan mới đã đề nghị, chờ chuyển hồ sơ",
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
    person: str | None = Field(
        title="Họ và tên", description="Người được xem hồ sơ thấy; cơ quan đến từ khi hồ sơ được bàn giao"
    )
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


class TransferStep(BaseModel):
    """One step the law in force gives this transfer."""

    step: str = Field(title="Bước")
    verb: str = Field(title="Lệnh thực hiện")
    side: Literal["old", "new", "person"] = Field(title="Bên thực hiện")
    agency_id: UUID = Field(title="Cơ quan")
    due_on: date | None = Field(title="Hạn")
    citation: str | None = Field(title="Căn cứ")
    limit: str | None = Field(title="Thời hạn tối đa của cả việc chuyển, chạy song song")
    policy: bool = Field(title="Chính sách của hệ thống, văn bản không nêu")
    done: bool = Field(title="Đã xong")


class Transfer(TransferLine):
    """One transfer with what is owed in it."""

    version: int = Field(title="Số lần thay đổi")
    facts: dict[str, Any] = Field(title="Chi tiết")
    duties: list[DutyLine] = Field(title="Nghĩa vụ đang mở")
    calls: list[Call] = Field(title="Lời gọi giải quyết")
    steps: list[TransferStep] = Field(title="Các bước theo quy chế")
    next: TransferStep | None = Field(title="Bước tiếp theo")


_LINE = (
    "SELECT k.id, k.profile_id, p.full_name AS person, k.from_agency_id, f.name AS from_agency,"
    " k.to_agency_id, t.name AS to_agency, k.mode, k.document, k.effective_on, k.state, k.opened_at,"
    " k.closed_at, k.version, k.facts, p.category, f.kind AS from_kind,"
    " coalesce(p.agency_id, k.from_agency_id) AS held_by,"
    " coalesce(f.standing, CASE WHEN f.has_account THEN 'subordinate' ELSE 'constituent' END) AS standing"
    " FROM cases k JOIN agencies f ON f.id = k.from_agency_id"
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
    known = await permits.known_by_name(read, (row.profile_id for row in rows))
    return Transfers(
        items=[TransferLine.model_validate(_row(row, known)) for row in rows],
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
    law, calendar = await read.law_at(row.held_by)
    owed = await read.connection.execute(_DUTIES, {"id": case_id})
    lines = await duties.lines(owed.all(), read, calendar)
    known = await permits.known_by_name(read, [row.profile_id])
    settled = {call.verb: call for duty in lines for call in settling(duty)}
    steps = _steps(row, law, {line.slot: line.due_on for line in lines})
    return Transfer.model_validate(
        {
            **_row(row, known),
            "duties": lines,
            "calls": list(settled.values()),
            "steps": steps,
            "next": next((one for one in steps if not one["done"]), None) if row.closed_at is None else None,
        }
    )


def _steps(row: Any, law: RuleSet, due: dict[str, date | None]) -> list[dict[str, Any]]:
    """The steps of a transfer under the law in force today."""
    facts = {"category": row.category or "", "agency": row.standing, "kind": row.from_kind}
    legs = route(law, facts, row.facts.get("to", {}), within=bool(row.facts.get("within")))
    case = Case(
        id=row.id,
        kind="transfer",
        profile_id=row.profile_id,
        from_agency_id=row.from_agency_id,
        to_agency_id=row.to_agency_id,
        mode=row.mode,
        effective_on=row.effective_on,
        document=row.document,
        state=row.state,
        version=row.version,
        facts=row.facts,
    )
    return told(legs, case, due)


def _row(row: Any, known: frozenset[UUID]) -> dict[str, Any]:
    person = row.person if row.profile_id in known else None
    return {**row._mapping, "person": person, "state_vi": STATE_VI.get(row.state, row.state)}
