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
from models.regulations import Policy, RuleSet, load_policy


@dataclass(slots=True)
class Tools:
    """One per process. Rule sets and calendars are immutable under their hash, so they are kept."""

    engine: AsyncEngine
    ring: KeyRing
    policy: Policy = field(default_factory=load_policy)
    cipher: FieldCipher = field(init=False)
    blind: BlindIndex = field(init=False)
    _laws: dict[tuple[UUID, str], RuleSet] = field(default_factory=dict)
    _calendars: dict[tuple[UUID, str], Calendar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cipher = FieldCipher(self.ring)
        self.blind = BlindIndex(self.ring)

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
        law = await self.rules(connection, authority_id, rule_set)
        return law, await self.years(connection, authority_id, calendar)

    async def rules(self, connection: AsyncConnection, authority_id: UUID, content: str) -> RuleSet:
        """The rule set under a hash. Raises LookupError for one that this authority never loaded."""
        key = (authority_id, content)
        if key not in self._laws:
            found = await connection.scalar(_RULES, {"authority": authority_id, "hash": content})
            self._laws[key] = RuleSet.from_json(_known(found, content))
        return self._laws[key]

    async def years(self, connection: AsyncConnection, authority_id: UUID, content: str) -> Calendar:
        """The calendar under a hash. Raises LookupError for one that this authority never loaded."""
        key = (authority_id, content)
        if key not in self._calendars:
            found = await connection.scalar(_YEARS, {"authority": authority_id, "hash": content})
            self._calendars[key] = Calendar.from_json(_known(found, content))
        return self._calendars[key]


def _known(content: Any | None, key: str) -> Any:
    if content is None:
        raise LookupError(f"nothing is kept under the hash {key}")
    return content


_IN_FORCE = text(
    "SELECT (SELECT hash FROM rule_set_loads WHERE authority_id = :authority AND valid_from <= :day"
    " ORDER BY valid_from DESC, loaded_at DESC, id DESC LIMIT 1) AS rule_set,"
    " (SELECT hash FROM calendar_loads WHERE authority_id = :authority"
    " ORDER BY loaded_at DESC, id DESC LIMIT 1) AS calendar"
)
_RULES = text("SELECT content FROM rule_sets WHERE authority_id = :authority AND hash = :hash")
_YEARS = text("SELECT content FROM calendars WHERE authority_id = :authority AND hash = :hash")
