"""What is still open, per post, at one instant: the substance of the morning's messages.

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
    """What one account finds open: its own duties, those of its posts by role, those it meets by delegation
    by what was delegated; ``raised`` are duties of others that were escalated to it."""

    own: tuple[Line, ...] = ()
    posts: tuple[tuple[str, Line], ...] = ()
    lent: tuple[tuple[str, Line], ...] = ()
    raised: int = 0
    unread: int = 0

    @property
    def open(self) -> int:
        """Everything there is; 0 means that no message is sent."""
        return sum(line.n for line in self._lines) + self.raised + self.unread

    @property
    def late(self) -> int:
        """Own duties, those of posts and those met by delegation that are overdue."""
        return sum(line.late for line in self._lines)

    @property
    def _lines(self) -> Sequence[Line]:
        return (*self.own, *(line for _, line in (*self.posts, *self.lent)))


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Everything open that is owed by posts, as it stands and as it falls to whoever holds them."""

    posts: Mapping[Post, Work]
    """By the post that somebody holds today."""
    duties: Mapping[UUID, Sequence[tuple[str, Line]]]
    """By the agency that owes, with the role, whether or not anybody holds it."""
    holders: Mapping[Post, UUID]
    """The nearest agency, upwards, where somebody holds the post."""

    def post_of(self, agency_id: UUID, role: str) -> Post | None:
        """The post to which a duty of this agency and role falls; none where nobody holds it."""
        holder = self.holders.get((agency_id, role))
        return (holder, role) if holder is not None else None


async def work_of_posts(connection: AsyncConnection, day: date, now: datetime) -> OpenWork:
    """What is open for each post, and who holds it today."""
    duties = (await connection.execute(_POST_DUTIES, {"now": now})).all()
    notices = (await connection.execute(_POST_NOTICES)).all()
    posts = sorted({(row.agency_id, row.role) for row in (*duties, *notices)})
    found = await connection.execute(
        _HOLDERS,
        {"day": day, "agencies": [agency for agency, _ in posts], "roles": [role for _, role in posts]},
    )
    holder = {(row.agency_id, row.role): row.holder for row in found if row.holder is not None}
    owed: dict[UUID, list[tuple[str, Line]]] = defaultdict(list)
    for row in duties:
        owed[row.agency_id].append((row.role, Line(row.slot, row.citation, row.n, row.late, row.first)))
    return OpenWork(_by_holder(holder, owed, notices), owed, holder)


def _by_holder(
    holder: Mapping[Post, UUID], owed: Mapping[UUID, Sequence[tuple[str, Line]]], notices: Sequence[Row[Any]]
) -> Mapping[Post, Work]:
    lines: dict[Post, list[Line]] = defaultdict(list)
    raised: dict[Post, int] = defaultdict(int)
    unread: dict[Post, int] = defaultdict(int)
    for agency, here in owed.items():
        for role, line in here:
            if (agency, role) in holder:
                lines[holder[agency, role], role].append(line)
    for row in notices:
        if (row.agency_id, row.role) in holder:
            post = (holder[row.agency_id, row.role], row.role)
            raised[post] += row.raised
            unread[post] += row.unread
    return {
        post: Work(
            posts=tuple((post[1], line) for line in merged(lines[post])),
            raised=raised[post],
            unread=unread[post],
        )
        for post in {*lines, *raised}
    }


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
