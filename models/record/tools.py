"""What an act works with in one process: engine, keys, and the law already read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.calendar import Calendar
from models.database import together
from models.form import use_lists
from models.keys import BlindIndex, FieldCipher, KeyRing
from models.record.law_of import LawOf, Laws, regimes_of
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

    async def law(self, connection: AsyncConnection, whose: LawOf, on: date) -> tuple[RuleSet, Calendar]:
        """The rule set in force on a day for a unit or for the authority, and the newest calendar.

        Raises:
            LookupError: nothing was loaded for this authority and day.
        """
        (rows,) = await together(connection, [whose.on(on)])
        return await self.read(connection, whose.authority_id, rows[0])

    async def laws(
        self, connection: AsyncConnection, authority_id: UUID, on: date, units: Sequence[UUID] | None = None
    ) -> Laws:
        """The law of each of some units, or of all, on a day: for what works through many of them at once.

        Raises:
            LookupError: nothing was loaded for this authority and day.
        """
        own, bound = await together(
            connection,
            [LawOf.authority(authority_id).on(on), regimes_of(authority_id, units, on)],
        )
        law, calendar = await self.read(connection, authority_id, own[0])
        others = {
            row.unit: await self.shelf.rules(connection, authority_id, row.rule_set)
            for row in bound
            if row.rule_set is not None
        }
        return Laws(law, calendar, others)

    async def read(
        self, connection: AsyncConnection, authority_id: UUID, row: Any
    ) -> tuple[RuleSet, Calendar]:
        """Law and calendar under the hashes that `LawOf.on` found; the task reads the code lists of that day.

        Raises:
            LookupError: nothing was loaded for this authority and day.
        """
        if row.rule_set is None or row.calendar is None:
            raise LookupError("no rule set or calendar has been loaded for this authority and day")
        use_lists(await self.shelf.lists(connection, authority_id, row.code_lists))
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
