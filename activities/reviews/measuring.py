"""Measuring every profile of an authority, or of one agency's subtree, against the criteria.

Page by page, each its own transaction: a profile that fails has a row with its faults, one that does not has
none. Begun again, a page is measured again and comes out the same.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.documents.beside import beside
from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle.quality import Yardstick, measure
from models.record.law_of import LawOf, Laws
from models.record.measuring import APPROVED, LAST_WINDOW, known, plain, yardstick
from models.record.tools import Tools

PAGE = 200
"""Profiles measured in one transaction."""
FIRST = UUID(int=0)

_SUBTREE = (
    "(CAST(:agency AS uuid) IS NULL OR p.agency_id IN (SELECT c.descendant_id FROM agency_closure c"
    " WHERE c.ancestor_id = CAST(:agency AS uuid) AND c.valid_to IS NULL))"
)
_PROFILES = text(f"{APPROVED} AND p.id > :after AND {_SUBTREE} ORDER BY p.id LIMIT :page")
_FAILS = text(
    "INSERT INTO review_findings (review_id, profile_id, authority_id, agency_id, faults, measured_at)"
    " VALUES (:review, :profile, :authority, :agency, :faults, :now) ON CONFLICT (review_id, profile_id)"
    " DO UPDATE SET agency_id = excluded.agency_id, faults = excluded.faults,"
    " measured_at = excluded.measured_at"
)
_HOLDS = text("DELETE FROM review_findings WHERE review_id = :review AND profile_id = ANY(:profiles)")
# Whoever left since the last time is not measured any more.
_LEFT = text(
    "DELETE FROM review_findings f USING profiles p WHERE f.review_id = :review AND p.id = f.profile_id"
    " AND p.chapter IN ('separation', 'archive')"
)


@dataclass(frozen=True, slots=True)
class Round:
    """One measuring of a review at one instant; ``agency_id`` for one agency's subtree alone."""

    tools: Tools
    threads: Executor
    authority_id: UUID
    review_id: UUID
    laws: Laws
    """Each profile is measured by the law of the unit that has it."""
    now: datetime
    agency_id: UUID | None = None

    @property
    def scope(self) -> Scope:
        """The authority as a whole."""
        return Scope(self.authority_id, everything=True)

    async def run(self) -> int:
        """Measure; answers how many profiles were looked at."""
        seen, after = 0, _cursor(self.review_id)
        async with transaction(self.tools.engine, self.scope) as connection:
            by = await self._yardsticks(connection)
        while after is not None:
            async with transaction(self.tools.engine, self.scope) as connection:
                rows = await self._page(connection, after)
                await self._write(connection, rows, await self._measured(rows, by))
            seen += len(rows)
            after = rows[-1].id if len(rows) == PAGE else None
            activity.heartbeat(str(self.review_id), str(after))
        async with transaction(self.tools.engine, self.scope) as connection:
            await connection.execute(_LEFT, {"review": self.review_id})
        return seen

    async def _yardsticks(self, connection: AsyncConnection) -> Mapping[str, Yardstick]:
        # For the code lists of the day.
        await self.tools.law(connection, LawOf.authority(self.authority_id), legal_date(self.now))
        until = await connection.scalar(LAST_WINDOW)
        return {law.hash: yardstick(law, self.now, until) for law in self.laws.every}

    async def _page(self, connection: AsyncConnection, after: UUID) -> Sequence[Row[Any]]:
        values = {"agency": self.agency_id, "after": after, "page": PAGE, "now": self.now}
        return (await connection.execute(_PROFILES, values)).all()

    async def _measured(self, rows: Sequence[Row[Any]], by: Mapping[str, Yardstick]) -> list[dict[str, Any]]:
        """The faults of each; opening and judging a form is work for a thread, so that the heart beats on."""

        def faults(row: Row[Any]) -> dict[str, Any]:
            return plain(measure(known(self.tools, row), by[self.laws.of(row.agency_id).hash]))

        return await beside(self.threads, lambda: [faults(row) for row in rows])

    async def _write(
        self, connection: AsyncConnection, rows: Sequence[Row[Any]], faults: Sequence[dict[str, Any]]
    ) -> None:
        pairs = list(zip(rows, faults, strict=True))
        passing = [row.id for row, found in pairs if not found]
        await connection.execute(_HOLDS, {"review": self.review_id, "profiles": passing})
        failing = [
            {
                "review": self.review_id,
                "profile": row.id,
                "authority": self.authority_id,
                "agency": row.agency_id,
                "faults": Jsonb(found),
                "now": self.now,
            }
            for row, found in pairs
            if found
        ]
        if failing:
            await connection.execute(_FAILS, failing)


def _cursor(review_id: UUID) -> UUID | None:
    """The last profile an earlier attempt measured; only a short cut, rows decide."""
    details = activity.info().heartbeat_details
    if len(details) != 2 or details[0] != str(review_id):
        return FIRST
    return None if details[1] == "None" else UUID(details[1])
