"""Everything loaded for an authority, as reckoning needs it; and what a load would add, before it is made."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
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
_REGIMES = text(
    "SELECT id, regulation, valid_from, hash FROM regime_loads WHERE authority_id = :authority"
    " ORDER BY regulation, valid_from, loaded_at, id"
)
_CALENDARS = text(
    "SELECT id, hash FROM calendar_loads WHERE authority_id = :authority ORDER BY loaded_at, id"
)

Dated = tuple[tuple[date, RuleSet], ...]
"""Laws, each with the day from which it stands."""


async def basis_of(
    connection: AsyncConnection,
    shelf: Shelf,
    authority_id: UUID,
    *,
    laws: tuple[tuple[date, RuleSet], ...] = (),
    calendar: Calendar | None = None,
    regimes: Mapping[str, Dated] = MappingProxyType({}),
) -> Basis:
    """What is loaded; ``laws``, those of ``regimes`` and ``calendar`` are taken as if they were loaded last.

    Raises:
        LookupError: nothing was loaded for this authority.
    """
    one = {"authority": authority_id}
    rules = (await connection.execute(_LAWS, one)).all()
    calendars = (await connection.execute(_CALENDARS, one)).all()
    parts = (await connection.execute(_REGIMES, one)).all()
    loaded = [(row.valid_from, await shelf.rules(connection, authority_id, row.hash)) for row in rules]
    years = {row.hash: await shelf.years(connection, authority_id, row.hash) for row in calendars}
    loads = {row.hash: row.id for row in (*rules, *calendars, *parts)}
    others: dict[str, list[tuple[date, RuleSet]]] = {name: [] for name in regimes}
    for row in parts:
        found = await shelf.rules(connection, authority_id, row.hash)
        others.setdefault(row.regulation, []).append((row.valid_from, found))
    other = {name: _stacked(its, regimes.get(name, ())) for name, its in others.items()}
    newest = await connection.scalar(_NEWEST, one)
    if not loaded or newest is None:
        raise LookupError("no rule set or calendar has been loaded for this authority")
    return Basis(_stacked(loaded, laws), calendar or years[newest], shelf.policy, years, loads, other)


async def calendar_of(connection: AsyncConnection, shelf: Shelf, authority_id: UUID) -> Calendar | None:
    """The calendar loaded last; none where nothing was."""
    newest = await connection.scalar(_NEWEST, {"authority": authority_id})
    return await shelf.years(connection, authority_id, newest) if newest is not None else None


def _stacked(loaded: Sequence[tuple[date, RuleSet]], more: Dated) -> Dated:
    """Of one day the later load prevails: sorting by day alone keeps what is added behind what was there."""
    return tuple(sorted([*loaded, *more], key=lambda one: one[0]))


_NEWEST = text(
    "SELECT hash FROM calendar_loads WHERE authority_id = :authority ORDER BY loaded_at DESC, id DESC LIMIT 1"
)
