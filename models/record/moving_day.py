"""The moving of people on a reorganisation's day, from the first row that waits to the last.

Everything here is done again harmlessly: rows say who was moved, and what was passed on names no ending unit
any more. Between two shares nothing is held, so other acts go on beside it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle.moving import Reshaping
from models.record.moving import FIRST, SHARE, formerly_below
from models.record.moving_apart import follow_apart, move_apart
from models.record.moving_lists import lists_joined, lists_opened
from models.record.passing_back import pass_back
from models.record.passing_on import pass_on
from models.record.tools import Tools

PATIENCE, PAUSE = 30, 2.0
"""How often, and after how many seconds, people whose submission is just being signed are asked for again."""

_ARCHIVED = text(
    "INSERT INTO reorganisation_items (reorganisation_id, profile_id, authority_id, position, from_agency_id,"
    " to_agency_id, placed, state) SELECT :id, p.id, p.authority_id,"
    " b.last + row_number() OVER (ORDER BY p.id), p.agency_id, h.heir, true, 'waiting' FROM profiles p"
    " JOIN unnest(CAST(:ended AS uuid[]), CAST(:heirs AS uuid[])) AS h (ended, heir) ON h.ended = p.agency_id"
    " CROSS JOIN (SELECT coalesce(max(position), 0) AS last FROM reorganisation_items"
    "   WHERE reorganisation_id = :id) b"
    " WHERE p.chapter = 'archive' ON CONFLICT DO NOTHING"
)


# Before those: what was merged into somebody who moves goes where that profile goes.
_MERGED = text(
    "INSERT INTO reorganisation_items (reorganisation_id, profile_id, authority_id, position, from_agency_id,"
    " to_agency_id, placed, state) SELECT :id, p.id, p.authority_id,"
    " b.last + row_number() OVER (ORDER BY p.id), p.agency_id, i.to_agency_id, true, 'waiting'"
    " FROM reorganisation_items i JOIN profiles p ON p.merged_into = i.profile_id"
    " CROSS JOIN (SELECT coalesce(max(position), 0) AS last FROM reorganisation_items"
    "   WHERE reorganisation_id = :id) b"
    " WHERE i.reorganisation_id = :id AND i.to_agency_id <> p.agency_id ON CONFLICT DO NOTHING"
)


@dataclass(slots=True)
class Day:
    """How far it is."""

    moved: int = 0
    left: int = 0
    over: bool = False
    """Whether nobody waits any more and what is the units' own was passed on."""
    stopped: bool = False
    """Whether nobody waits any more but those who cannot be moved: the units' own stays till they can."""
    held: dict[UUID, Exception] = field(default_factory=dict)
    """Who cannot be moved, and what was raised."""


class BehindError(RuntimeError):
    """What is between some people who stay and a unit that ends could not go on, and so the unit's own stays:
    everybody else was moved or followed. ``people`` says who, and what was raised; the words name nobody."""

    def __init__(self, people: Mapping[UUID, Exception]) -> None:
        kinds = ", ".join(sorted({type(one).__name__ for one in people.values()}))
        super().__init__(f"{len(people)} left behind: {kinds}")
        self.people = people


async def archives_frozen(tools: Tools, authority_id: UUID, reshaping: Reshaping, now: datetime) -> int:
    """Archived files of units that end go to the heir, too: who stands no longer keeps nothing."""
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        await connection.execute(_MERGED, {"id": reshaping.id})
        ended = sorted(reshaping.heirs)
        values = {"id": reshaping.id, "ended": ended, "heirs": [reshaping.heirs[one] for one in ended]}
        return (await connection.execute(_ARCHIVED, values)).rowcount


async def move_all(
    tools: Tools,
    authority_id: UUID,
    reshaping: Reshaping,
    now: datetime,
    *,
    most: int | None = None,
    share: int = SHARE,
    beat: Callable[[Day], None] = lambda _day: None,
) -> Day:
    """Move those who wait, all or about ``most`` of them, then pass on what is the units' own.

    ``beat`` is told after each share.

    Raises:
        BehindError: everybody has moved, and of some who stay something still names a unit that ends.
    """
    day, after, flying, asked = Day(), 0, 0, 0
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        reshaping = await formerly_below(connection, reshaping)
    await archives_frozen(tools, authority_id, reshaping, now)
    await lists_opened(tools, authority_id, reshaping, now)
    while most is None or day.moved + day.left < most:
        force = asked >= PATIENCE
        done = await move_apart(tools, authority_id, reshaping, now, after=after, most=share, force=force)
        day.moved, day.left, flying = day.moved + done.moved, day.left + done.left, flying + done.flying
        day.held |= done.held
        after = done.last
        beat(day)
        if done.last:
            continue
        if not flying:
            day.stopped = bool(day.held)
            day.over = not day.stopped
            break
        await asyncio.sleep(PAUSE)  # a signature of our own key takes seconds
        after, flying, asked = 0, 0, asked + 1
    if day.over:
        last: UUID | None = FIRST
        behind: dict[UUID, Exception] = {}
        while last is not None:
            followed = await follow_apart(tools, authority_id, reshaping, now, after=last)
            last, behind = followed.last, behind | followed.held
            beat(day)
        if behind:
            raise BehindError(behind)
        await pass_back(tools, authority_id, reshaping, now)
        await pass_on(tools, authority_id, reshaping, now)
        await lists_joined(tools, authority_id, reshaping, now)
    return day
