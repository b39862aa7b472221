"""What is still open, per post and per account, at one instant: the substance of the morning's messages.

A duty of a post goes to whoever holds the post now (R39): in the agency itself, else in the nearest agency
above it where somebody does.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 200
"""Accounts looked at in one transaction."""

_POST_DUTIES = text(
    "SELECT agency_id, party AS role, slot, citation, count(*) AS n,"
    " count(*) FILTER (WHERE due_at <= :now) AS late, min(due_on) AS first FROM duties"
    " WHERE state = 'open' AND party <> 'person' GROUP BY 1, 2, 3, 4 ORDER BY min(due_on), 3, 4, 1"
)
# A notice about a duty the post itself owes says nothing new: the duty is counted already.
_POST_NOTICES = text(
    "SELECT n.agency_id, n.role, count(DISTINCT n.duty_id) AS raised, count(*) FILTER (WHERE n.duty_id IS"
    " NULL)"
    " AS unread FROM notices n LEFT JOIN duties d ON d.id = n.duty_id"
    " WHERE n.role IS NOT NULL AND n.read_at IS NULL AND (n.duty_id IS NULL"
    "   OR d.state = 'open' AND (d.party, d.agency_id) IS DISTINCT FROM (n.role, n.agency_id)) GROUP BY 1, 2"
)
_HOLDERS = text(
    "SELECT post.agency_id, post.role, (SELECT c.ancestor_id FROM agency_closure c"
    "   JOIN grants g ON g.agency_id = c.ancestor_id AND g.role = post.role AND g.valid_from <= :day"
    "     AND (g.valid_to IS NULL OR g.valid_to > :day)"
    "   JOIN accounts a ON a.id = g.account_id AND a.state <> 'cancelled'"
    "   WHERE c.descendant_id = post.agency_id AND c.valid_to IS NULL ORDER BY c.depth LIMIT 1) AS holder"
    " FROM unnest(CAST(:agencies AS uuid[]), CAST(:roles AS text[])) AS post(agency_id, role)"
)
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

Post = tuple[UUID, str]
"""An agency and a role in it."""


@dataclass(frozen=True, slots=True)
class Line:
    """Duties of one kind under one article: how many, how many of them overdue, the earliest date."""

    slot: str
    citation: str
    n: int
    late: int
    first: date | None


@dataclass(frozen=True, slots=True)
class Work:
    """What one account finds open. ``raised`` are duties of others that were escalated to it."""

    own: tuple[Line, ...] = ()
    posts: tuple[tuple[str, Line], ...] = ()
    raised: int = 0
    unread: int = 0

    @property
    def open(self) -> int:
        """Everything there is; 0 means that no message is sent."""
        return sum(line.n for line in self._lines) + self.raised + self.unread

    @property
    def late(self) -> int:
        """Own duties and those of posts that are overdue."""
        return sum(line.late for line in self._lines)

    @property
    def _lines(self) -> Sequence[Line]:
        return (*self.own, *(line for _, line in self.posts))


@dataclass(frozen=True, slots=True)
class Recipient:
    """An account with an address and what it finds open."""

    account_id: UUID
    email_sealed: bytes
    email_key: str
    work: Work


async def work_of_posts(connection: AsyncConnection, day: date, now: datetime) -> Mapping[Post, Work]:
    """What is open for each post that somebody holds today."""
    duties = (await connection.execute(_POST_DUTIES, {"now": now})).all()
    notices = (await connection.execute(_POST_NOTICES)).all()
    posts = sorted({(row.agency_id, row.role) for row in (*duties, *notices)})
    found = await connection.execute(
        _HOLDERS,
        {"day": day, "agencies": [agency for agency, _ in posts], "roles": [role for _, role in posts]},
    )
    holder = {(row.agency_id, row.role): row.holder for row in found if row.holder is not None}
    lines: dict[Post, list[Line]] = defaultdict(list)
    raised: dict[Post, int] = defaultdict(int)
    unread: dict[Post, int] = defaultdict(int)
    for row in duties:
        if (row.agency_id, row.role) in holder:
            post = (holder[row.agency_id, row.role], row.role)
            lines[post].append(Line(row.slot, row.citation, row.n, row.late, row.first))
    for row in notices:
        if (row.agency_id, row.role) in holder:
            post = (holder[row.agency_id, row.role], row.role)
            raised[post] += row.raised
            unread[post] += row.unread
    return {
        post: Work((), tuple((post[1], line) for line in merged(lines[post])), raised[post], unread[post])
        for post in {*lines, *raised}
    }


async def recipients(
    connection: AsyncConnection, posts: Mapping[Post, Work], day: date, now: datetime, after: UUID
) -> tuple[list[Recipient], UUID | None]:
    """The next page of accounts that find something open, and where the page after it begins."""
    rows = (await connection.execute(_ACCOUNTS, {"day": day, "now": now, "after": after, "page": PAGE})).all()
    found = [_recipient(row, posts) for row in rows]
    return [one for one in found if one.work.open], rows[-1].id if len(rows) == PAGE else None


def _recipient(row: Row[Any], posts: Mapping[Post, Work]) -> Recipient:
    held = [posts.get((UUID(agency), role), Work()) for agency, role in row.posts]
    work = Work(
        own=tuple(_line(one) for one in row.own),
        posts=tuple(line for one in held for line in one.posts),
        raised=sum(one.raised for one in held),
        unread=row.unread + sum(one.unread for one in held),
    )
    return Recipient(row.id, bytes(row.email_sealed), row.email_key, work)


def _line(found: Mapping[str, Any]) -> Line:
    first = date.fromisoformat(found["first"]) if found["first"] else None
    return Line(found["slot"], found["citation"], found["n"], found["late"], first)


def merged(lines: Sequence[Line]) -> list[Line]:
    """One line for each kind and article, the earliest first."""
    kinds: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        kinds[line.slot, line.citation].append(line)
    together = [
        Line(
            slot,
            citation,
            sum(one.n for one in same),
            sum(one.late for one in same),
            min((one.first for one in same if one.first), default=None),
        )
        for (slot, citation), same in kinds.items()
    ]
    return sorted(together, key=lambda one: (one.first or date.max, one.slot, one.citation))
