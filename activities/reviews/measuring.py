"""Measuring every profile of an authority, or of one agency's subtree, against the criteria.

Page by page, each its own transaction: a profile that fails has a row with its faults, one that does not has
none. Begun again, a page is measured again and comes out the same.
"""

import asyncio
import json
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

from models.calendar import legal_date
from models.database import Scope, transaction
from models.form import join
from models.keys import Sealed
from models.lifecycle.quality import Criterion, Measured, Yardstick, measure
from models.record.tools import Tools
from models.regulations import RuleSet, Slot

PAGE = 200
"""Profiles measured in one transaction."""
FIRST = UUID(int=0)

_SUBTREE = (
    "(CAST(:agency AS uuid) IS NULL OR p.agency_id IN (SELECT c.descendant_id FROM agency_closure c"
    " WHERE c.ancestor_id = CAST(:agency AS uuid) AND c.valid_to IS NULL))"
)
_PROFILES = text(
    "SELECT p.id, p.agency_id, p.full_name, p.staff_number, p.id_number_index,"  # noqa: S608 — fragment above, no input
    " p.approved_revision_id, p.synced_revision_id, r.number, r.content, r.sealed, r.key_id, r.form_version,"
    " r.evidence, r.saved_at, s.signed_at,"
    " (SELECT count(*) FROM duties d WHERE d.profile_id = p.id AND d.state = 'open' AND d.due_at <= :now)"
    "   AS overdue,"
    " (SELECT count(*) FROM profiles q JOIN revisions o ON o.id = q.approved_revision_id"
    "   WHERE q.name_key = p.name_key AND q.id <> p.id AND q.chapter <> 'archive'"
    "   AND o.content ->> 'birth_date' = r.content ->> 'birth_date'"
    "   AND o.content ->> 'gender' = r.content ->> 'gender') AS namesakes,"
    " (SELECT count(*) FROM profiles q WHERE q.authority_id = p.authority_id"
    "   AND q.staff_number = p.staff_number AND q.id <> p.id AND q.chapter <> 'archive') AS same_staff_number"
    " FROM profiles p LEFT JOIN revisions r ON r.id = p.approved_revision_id"
    " LEFT JOIN LATERAL (SELECT max(signed_at) AS signed_at FROM approvals a"
    "   WHERE a.revision_id = r.id AND a.state = 'signed') s ON true"
    f" WHERE p.chapter NOT IN ('separation', 'archive') AND p.id > :after AND {_SUBTREE}"
    " ORDER BY p.id LIMIT :page"
)
_LAST_WINDOW = text("SELECT max(rolled_end) FROM month_ends WHERE state = 'closed'")
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
    law: RuleSet
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
            by = await self._yardstick(connection)
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

    async def _yardstick(self, connection: AsyncConnection) -> Yardstick:
        update = self.law.slot(Slot.UPDATE_AFTER_CHANGE)
        return Yardstick(
            on=legal_date(self.now),
            evidence_required=update is not None and update.evidence_required,
            synced_until=await connection.scalar(_LAST_WINDOW),
        )

    async def _page(self, connection: AsyncConnection, after: UUID) -> Sequence[Row[Any]]:
        values = {"agency": self.agency_id, "after": after, "page": PAGE, "now": self.now}
        return (await connection.execute(_PROFILES, values)).all()

    async def _measured(self, rows: Sequence[Row[Any]], by: Yardstick) -> list[dict[str, Any]]:
        """The faults of each; opening and judging a form is work for a thread, so that the heart beats on."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self.threads, lambda: [_plain(measure(self._known(row), by)) for row in rows]
        )

    def _known(self, row: Row[Any]) -> Measured:
        """What the rows say of one profile, its approved form opened."""
        if row.approved_revision_id is None:
            return Measured(row.full_name, row.staff_number, overdue=row.overdue)
        sealed = Sealed(row.key_id, bytes(row.sealed))
        opened = self.tools.cipher.open(
            self.authority_id, "revisions", row.approved_revision_id, "sealed", sealed
        )
        content: Mapping[str, Any] = join(row.content, json.loads(opened))
        approved_at = row.signed_at or row.saved_at
        return Measured(
            full_name=row.full_name,
            staff_number=row.staff_number,
            content=content,
            form_version=row.form_version,
            revision=row.number,
            evidence=len(row.evidence),
            imported=row.signed_at is None,
            same_id_number=self._same_number(row, content.get("citizen_id_number")),
            namesakes=row.namesakes,
            same_staff_number=row.same_staff_number,
            overdue=row.overdue,
            synced=row.synced_revision_id == row.approved_revision_id,
            ever_synced=row.synced_revision_id is not None,
            approved_on=legal_date(approved_at),
        )

    def _same_number(self, row: Row[Any], number: Any) -> bool:
        if not isinstance(number, str):
            return True  # that it is missing is another criterion's matter
        return bytes(row.id_number_index) in self.tools.blind.candidates(self.authority_id, number)

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


def _plain(found: Mapping[Criterion, Sequence[tuple[str, str]]]) -> dict[str, Any]:
    return {criterion.value: [list(fault) for fault in faults] for criterion, faults in found.items()}


def _cursor(review_id: UUID) -> UUID | None:
    """The last profile an earlier attempt measured; only a short cut, rows decide."""
    details = activity.info().heartbeat_details
    if len(details) != 2 or details[0] != str(review_id):
        return FIRST
    return None if details[1] == "None" else UUID(details[1])
