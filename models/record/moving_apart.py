"""A share of people that cannot be moved together: halved until the one who cannot stands alone.

One life that raises, or rows that a constraint refuses, would hold everybody back. That one waits with its
reason, the others move; what is no life's own fault (the database is away, no law is loaded) is raised.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle.moving import Reshaping
from models.record.moving import SHARE, LifeError, between, follow_share, move_share
from models.record.tools import Tools

CANNOT_MOVE = "cannot-move"
"""What the reason of such a person begins with; the kind of the error follows."""
ONES_OWN = (LifeError, IntegrityError, DataError)
"""What may be one person's own fault."""
_LEFT_WAITING = text(
    "UPDATE reorganisation_items SET reason = :reason WHERE reorganisation_id = :id AND state = 'waiting'"
    " AND position = (SELECT min(position) FROM reorganisation_items WHERE reorganisation_id = :id"
    "   AND state = 'waiting' AND position > :after) RETURNING position, profile_id"
)


@dataclass(slots=True)
class Apart:
    """What was done; ``last`` as in `models.record.moving.Moved`."""

    moved: int = 0
    left: int = 0
    flying: int = 0
    last: int = 0
    held: dict[UUID, Exception] = field(default_factory=dict)
    """Who could not be moved, and what was raised."""

    def and_then(self, more: "Apart") -> "Apart":
        """Both, one after the other."""
        return Apart(
            self.moved + more.moved,
            self.left + more.left,
            self.flying + more.flying,
            more.last or self.last,
            self.held | more.held,
        )


async def move_apart(
    tools: Tools,
    authority_id: UUID,
    reshaping: Reshaping,
    now: datetime,
    *,
    after: int = 0,
    most: int = SHARE,
    force: bool = False,
) -> Apart:
    """Move the next people that wait, behind a position, as `move_share` does; who cannot be moved waits."""
    try:
        done = await move_share(tools, authority_id, reshaping, now, after=after, most=most, force=force)
        return Apart(done.moved, done.left, done.flying, done.last)
    except ONES_OWN as error:
        why = _own_fault(error)
        if most == 1:
            return await _left_waiting(tools, authority_id, reshaping.id, now, after, why)
    first = await move_apart(tools, authority_id, reshaping, now, after=after, most=most // 2, force=force)
    if not first.last:
        return first
    rest = most - most // 2
    return first.and_then(
        await move_apart(tools, authority_id, reshaping, now, after=first.last, most=rest, force=force)
    )


def _own_fault(error: Exception) -> Exception:
    """What is wrong with one life, or with rows written for it; anything else is raised on."""
    why = error.__cause__ if isinstance(error, LifeError) else error
    if not isinstance(why, Exception) or isinstance(why, OperationalError | InterfaceError):
        raise error
    return why


@dataclass(slots=True)
class Followed:
    """How far the people who stay were looked at; ``last`` as in `models.record.moving.follow_share`."""

    last: UUID | None
    held: dict[UUID, Exception] = field(default_factory=dict)
    """Whose cases, secondments and duties could not go on, and what was raised."""


async def follow_apart(
    tools: Tools,
    authority_id: UUID,
    reshaping: Reshaping,
    now: datetime,
    *,
    after: UUID,
    most: int = SHARE,
) -> Followed:
    """Let what is between the next people who stay and the units go on; one who cannot holds nobody back."""
    try:
        return Followed(await follow_share(tools, authority_id, reshaping, now, after=after, most=most))
    except ONES_OWN as error:
        why = _own_fault(error)
    if most == 1:
        async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
            (stays,) = await between(connection, reshaping, after, 1)
        return Followed(stays, {stays: why})
    first = await follow_apart(tools, authority_id, reshaping, now, after=after, most=most // 2)
    if first.last is None:
        return first
    rest = await follow_apart(tools, authority_id, reshaping, now, after=first.last, most=most - most // 2)
    return Followed(rest.last, first.held | rest.held)


async def _left_waiting(
    tools: Tools, authority_id: UUID, reorganisation_id: UUID, now: datetime, after: int, why: Exception
) -> Apart:
    """The next person that waits stays where it is, and the row says why: the kind of error, no words."""
    values = {"id": reorganisation_id, "after": after, "reason": f"{CANNOT_MOVE}: {type(why).__name__}"}
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        row = (await connection.execute(_LEFT_WAITING, values)).one()
    return Apart(last=row.position, held={row.profile_id: why})
