"""Everything loaded for an authority, as reckoning needs it; and what a load would add, before it is made."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar
from models.lifecycle.rebasing import Basis
from models.record.shelf import Shelf
from models.regulations import RuleSet

_LAWS = text(
    "SELECT id, valid_from, hash FROM rule_set_loads WHERE authority_id = :authority"
    " ORDER BY valid_from, loaded_at, id"
)
_CALENDARS = text(
    "SELECT id, hash FROM calendar_loads WHERE authority_id = :authority ORDER BY loaded_at, id"
)


async def basis_of(
    connection: AsyncConnection,
    shelf: Shelf,
    authority_id: UUID,
    *,
    laws: tuple[tuple[date, RuleSet], ...] = (),
    calendar: Calendar | None = None,
) -> Basis:
    """What is loaded; ``laws`` and ``calendar`` are taken as if they were loaded last.

    Raises:
        LookupError: nothing was loaded for this authority.
    """
    one = {"authority": authority_id}
    rules = (await connection.execute(_LAWS, one)).all()
    calendars = (await connection.execute(_CALENDARS, one)).all()
    loaded = [(row.valid_from, await shelf.rules(connection, authority_id, row.hash)) for row in rules]
    years = {row.hash: await shelf.years(connection, authority_id, row.hash) for row in calendars}
    loads = {row.hash: row.id for row in (*rules, *calendars)}
    newest = await connection.scalar(_NEWEST, one)
    if not loaded or newest is None:
        raise LookupError("no rule set or calendar has been loaded for this authority")
    # Of one day the later load prevails: sorting by day alone keeps what is added behind what was there.
    stack = tuple(sorted([*loaded, *laws], key=lambda found: found[0]))
    return Basis(stack, calendar or years[newest], shelf.policy, years, loads)


_NEWEST = text(
    "SELECT hash FROM calendar_loads WHERE authority_id = :authority ORDER BY loaded_at DESC, id DESC LIMIT 1"
)
