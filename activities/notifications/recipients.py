"""Who gets a message this morning: every account with an address that finds something open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.notifications.lent_work import Lent, lent_work
from activities.notifications.open_work import Line, OpenWork, Post, Work
from models.record.law_of import Laws

PAGE = 200
"""Accounts looked at in one transaction."""

_ACCOUNTS = text(
    "SELECT a.id, a.email_sealed, a.email_key,"
    " (SELECT coalesce(json_agg(o ORDER BY o.first, o.slot), '[]') FROM (SELECT slot, citation, count(*)"
    " AS n,"
    "   count(*) FILTER (WHERE due_at <= :now) AS late, min(due_on) AS first FROM duties d"
    "   WHERE d.profile_id = a.profile_id AND d.party = 'person' AND d.state = 'open' GROUP BY 1, 2) o) AS"
    " own,"
    " (SELECT count(*) FROM notices n WHERE n.account_id = a.id AND n.read_at IS NULL AND n.duty_id IS NULL)"
    "   AS unread,"
    " (SELECT coalesce(json_agg(json_build_array(g.agency_id, g.role) ORDER BY g.role, g.agency_id), '[]')"
    "   FROM grants g WHERE g.account_id = a.id AND g.valid_from <= :day"
    "   AND (g.valid_to IS NULL OR g.valid_to > :day)) AS posts"
    " FROM accounts a WHERE a.state <> 'cancelled' AND a.email_sealed IS NOT NULL AND a.id > :after"
    " ORDER BY a.id LIMIT :page"
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An account with an address and what it finds open."""

    account_id: UUID
    email_sealed: bytes
    email_key: str
    work: Work


async def recipients(
    connection: AsyncConnection, found: OpenWork, laws: Laws, now: datetime, day: date, after: UUID
) -> tuple[list[Recipient], UUID | None]:
    """The next page of accounts that find something open, and where the page after it begins."""
    rows = (await connection.execute(_ACCOUNTS, {"day": day, "now": now, "after": after, "page": PAGE})).all()
    held = {row.id: [(UUID(agency), role) for agency, role in row.posts] for row in rows}
    lent = await lent_work(connection, laws, day, found, held)
    page = [_recipient(row, held[row.id], found, lent.get(row.id, ())) for row in rows]
    return [one for one in page if one.work.open], rows[-1].id if len(rows) == PAGE else None


def _recipient(row: Row[Any], held: list[Post], found: OpenWork, lent: Lent) -> Recipient:
    theirs = [found.posts.get(post, Work()) for post in held]
    work = Work(
        own=tuple(_line(one) for one in row.own),
        posts=tuple(line for one in theirs for line in one.posts),
        lent=lent,
        raised=sum(one.raised for one in theirs),
        unread=row.unread + sum(one.unread for one in theirs),
    )
    return Recipient(row.id, bytes(row.email_sealed), row.email_key, work)


def _line(found: Mapping[str, Any]) -> Line:
    first = date.fromisoformat(found["first"]) if found["first"] else None
    return Line(found["slot"], found["citation"], found["n"], found["late"], first)
