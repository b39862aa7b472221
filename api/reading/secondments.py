"""Secondments, seen by the home agency, the host and the person."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.scope import Reading

State = Literal["ahead", "running", "ended"]


class Secondment(BaseModel):
    """One secondment."""

    id: UUID = Field(title="Biệt phái")
    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(
        title="Họ và tên", description="Người được xem hồ sơ thấy; nơi đến khi biệt phái đang chạy"
    )
    from_agency_id: UUID = Field(title="Cơ quan cử đi")
    from_agency: str = Field(title="Tên cơ quan cử đi")
    agency_id: UUID = Field(title="Nơi đến")
    agency: str = Field(title="Tên nơi đến")
    document: str = Field(title="Quyết định")
    starts_on: date = Field(title="Từ ngày")
    last_day: date = Field(title="Đến hết ngày")
    state: State = Field(title="Trạng thái")
    reason: str | None = Field(title="Lý do kết thúc")


class Secondments(Page):
    """A page of secondments."""

    items: list[Secondment] = Field(title="Biệt phái")


_LINE = (
    "SELECT h.id, h.profile_id, p.full_name AS person, h.from_agency_id, f.name AS from_agency, h.agency_id,"
    " t.name AS agency, h.document, h.starts_on, h.ends_on - 1 AS last_day, h.state, h.reason FROM shares h"
    " JOIN agencies f ON f.id = h.from_agency_id JOIN agencies t ON t.id = h.agency_id"
    " LEFT JOIN profiles p ON p.id = h.profile_id WHERE h.kind = 'secondment'"
)


async def listed(read: Reading, *, state: State | None, limit: int, after: str | None) -> Secondments:
    """Secondments from or to the asker's agencies, or the asker's own, in the order of their ids."""
    where = ""
    values: dict[str, object] = {"limit": limit + 1}
    if state is not None:
        where += " AND h.state = :state"
        values["state"] = state
    key = key_of(after, UUID)
    if key is not None:
        where += " AND h.id > CAST(:last AS uuid)"
        values["last"] = key[0]
    query = text(f"{_LINE}{where} ORDER BY h.id LIMIT :limit")
    rows, more = page((await read.connection.execute(query, values)).all(), limit)
    known = await permits.known_by_name(read, (row.profile_id for row in rows))
    named = [{**row._mapping, "person": row.person if row.profile_id in known else None} for row in rows]
    return Secondments(
        items=[Secondment.model_validate(row) for row in named],
        next=cursor(rows[-1].id) if more else None,
    )
