"""What an act works with in one process: engine, keys, and the law already read."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.calendar import Calendar
from models.database import Query, together
from models.keys import BlindIndex, FieldCipher, KeyRing
from models.record.shelf import Shelf
from models.regulations import Policy, RuleSet, load_policy


@dataclass(slots=True)
class Tools:
    """One per process. Rule sets and calendars are immutable under their hash, so they are kept."""

    engine: AsyncEngine
    ring: KeyRing
    policy: Policy = field(default_factory=load_policy)
    cipher: FieldCipher = field(init=False)
    blind: BlindIndex = field(init=False)
    shelf: Shelf = field(init=False)
    """Rule sets and calendars already read."""

    def __post_init__(self) -> None:
        self.cipher = FieldCipher(self.ring)
        self.blind = BlindIndex(self.ring)
        self.shelf = Shelf(self.policy)

    async def law(
        self, connection: AsyncConnection, authority_id: UUID, on: date
    ) -> tuple[RuleSet, Calendar]:
        """The rule set in force on a day and the newest calendar, as recorded for the authority.

        Raises:
            LookupError: nothing was loaded for this authority and day.
        """
        (rows,) = await together(connection, [self.in_force(authority_id, on)])
        return await self.read(connection, authority_id, rows[0])

    def in_force(self, authority_id: UUID, on: date) -> Query:
        """What finds the hashes of the law in force; `read` makes law and calendar of the row."""
        return _IN_FORCE, {"authority": authority_id, "day": on}

    async def read(
        self, connection: AsyncConnection, authority_id: UUID, row: Any
    ) -> tuple[RuleSet, Calendar]:
        """Law and calendar under the hashes found.

        Raises:
            LookupError: nothing was loaded for this authority and day.
        """
        if row.rule_set is None or row.calendar is None:
            raise LookupError("no rule set or calendar has been loaded for this authority and day")
        return await self.under(connection, authority_id, row.rule_set, row.calendar)

    async def under(
        self, connection: AsyncConnection, authority_id: UUID, rule_set: str, calendar: str
    ) -> tuple[RuleSet, Calendar]:
        """Law and calendar as they were once loaded: what a duty was opened with, however long ago.

        Raises:
            LookupError: this authority never loaded them.
        """
        law = await self.shelf.rules(connection, authority_id, rule_set)
        return law, await self.shelf.years(connection, authority_id, calendar)


_IN_FORCE = text(
    "SELECT (SELECT hash FROM rule_set_loads WHERE authority_id = :authority AND valid_from <= :day"
    " ORDER BY valid_from DESC, loaded_at DESC, id DESC LIMIT 1) AS rule_set,"
    " (SELECT hash FROM calendar_loads WHERE authority_id = :authority"
    " ORDER BY loaded_at DESC, id DESC LIMIT 1) AS calendar"
)
