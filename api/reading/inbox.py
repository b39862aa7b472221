"""The inbox: what was said to this account and to the posts it holds."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.reading.borrowed import condition as lent_condition
from api.scope import Asker, Reading


class Notice(BaseModel):
    """One line of the inbox."""

    id: UUID = Field(title="Thông báo")
    kind: str = Field(title="Loại")
    role: str | None = Field(title="Gửi cho vai trò", description="Không có: gửi cho chính tài khoản")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    duty_id: UUID | None = Field(title="Nghĩa vụ")
    profile_id: UUID | None = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên", description="Người được xem hồ sơ, người phải làm thấy")
    citation: str | None = Field(title="Căn cứ")
    due_on: date | None = Field(title="Hạn")
    facts: dict[str, Any] = Field(title="Chi tiết")
    created_at: datetime = Field(title="Gửi lúc")
    read_at: datetime | None = Field(title="Đọc lúc")


class Inbox(Page):
    """A page of the inbox, the newest first."""

    unread: int = Field(title="Số chưa đọc")
    items: list[Notice] = Field(title="Thông báo")


_READ = (
    "UPDATE notices n SET read_at = coalesce(read_at, :now) WHERE n.id = :id AND {addressed} RETURNING n.id"
)


def addressed(who: Asker) -> tuple[str, dict[str, Any]]:
    """The condition for what is addressed to the asker: by account, or by a post held in that very agency.

    A department's post is the authority's: its notices stand in the department's own agency. What a post is
    told about a duty that is the asker's by delegation is addressed to the asker too.
    """
    values: dict[str, Any] = {"account": who.account_id}
    parts = ["n.account_id = :account"]
    for n, (role, agency_id) in enumerate(who.held):
        parts.append(f"(n.role = :role{n} AND n.agency_id = :agency{n})")
        values |= {f"role{n}": role, f"agency{n}": agency_id}
    lent, more = lent_condition(who)
    if lent:
        parts.append(
            "(n.role IS NOT NULL AND EXISTS (SELECT 1 FROM duties d"  # noqa: S608 — values bound
            f" WHERE d.id = n.duty_id AND d.state = 'open' AND ({lent})))"
        )
    return f"({' OR '.join(parts)})", values | more


async def listed(read: Reading, *, unread: bool, limit: int, after: str | None) -> Inbox:
    """Notices, the newest first."""
    condition, values = addressed(read.who)
    where = [condition]
    if unread:
        where.append("n.read_at IS NULL")
    key = key_of(after, UUID)
    query = (
        "SELECT n.id, n.kind, n.role, n.agency_id, n.duty_id, n.profile_id,"  # noqa: S608 — conditions above, values bound
        " (SELECT p.full_name FROM profiles p WHERE p.id = n.profile_id) AS person,"
        " (SELECT d.party FROM duties d WHERE d.id = n.duty_id) AS party,"
        " (SELECT d.agency_id FROM duties d WHERE d.id = n.duty_id) AS owed_at,"
        " n.citation, n.due_on, n.facts, n.created_at, n.read_at FROM notices n"
        f" WHERE {' AND '.join(where)}"
    )
    if key is not None:
        # Ids of one act share no order in time, so the instant goes first and the id breaks ties.
        query += (
            " AND (n.created_at, n.id) < (SELECT m.created_at, m.id FROM notices m"
            " WHERE m.id = CAST(:last AS uuid))"
        )
        values["last"] = key[0]
    query += " ORDER BY n.created_at DESC, n.id DESC LIMIT :limit"
    rows, more = page(
        (await read.connection.execute(text(query), {**values, "limit": limit + 1})).all(), limit
    )
    count = f"SELECT count(*) FROM notices n WHERE {condition} AND n.read_at IS NULL"  # noqa: S608 — as above
    known = await permits.known_by_name(read, (row.profile_id for row in rows))
    return Inbox(
        unread=int(await read.connection.scalar(text(count), values) or 0),
        items=[_notice(row, read.who, known) for row in rows],
        next=cursor(rows[-1].id) if more else None,
    )


def _notice(row: Any, who: Asker, known: frozenset[UUID]) -> Notice:
    """One row; named is whose file the asker reads, and whom a duty of the asker's own post concerns."""
    named = row.profile_id in known or (row.party, row.owed_at) in who.held
    return Notice.model_validate({**row._mapping, "person": row.person if named else None})


async def mark(read: Reading, notice_id: UUID) -> None:
    """The asker has read it; a second time changes nothing.

    Raises:
        RefusedError: ``not-found`` unless it is addressed to the asker.
    """
    condition, values = addressed(read.who)
    query = text(_READ.format(addressed=condition))
    if await read.connection.scalar(query, {**values, "id": notice_id, "now": read.now}) is None:
        raise permits.missing()
