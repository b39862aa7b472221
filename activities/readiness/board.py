"""The morning's look at every profile whose measures may have changed by time, law or somebody else's data.

What an act changes the act measures itself. Left for the morning: profiles never measured (taken over by a
migration or a restore), another law or code list, dates that passed, a window that closed, and the other one
of two who were found to be alike. Page by page, each its own transaction; begun again, it goes on.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text

from models.database import Scope, transaction
from models.lifecycle.readiness import Mark
from models.record.law_of import Laws
from models.record.measuring import basis_of, measure_these
from models.record.tools import Tools

PAGE = 200
"""Profiles measured in one transaction."""
FIRST = UUID(int=0)

_MISSING = text(
    "INSERT INTO readiness (profile_id, authority_id, agency_id, revision_id, marks)"
    " SELECT p.id, p.authority_id, p.agency_id, coalesce(p.pending_revision_id, p.approved_revision_id),"
    " hoso_standing(p.pending_revision_id, p.approved_revision_id, p.synced_revision_id) FROM profiles p"
    " WHERE p.chapter NOT IN ('separation', 'archive')"
    " AND NOT EXISTS (SELECT 1 FROM readiness r WHERE r.profile_id = p.id) ON CONFLICT DO NOTHING"
)
# Whose row is locked is being written by an act, which measures it.
_STALE = text(
    "SELECT r.profile_id FROM readiness r WHERE r.profile_id > :after AND (r.measured_at IS NULL"
    " OR r.measured_at < :now AND (r.basis IS DISTINCT FROM coalesce(CAST(:bases AS jsonb)"
    " ->> CAST(r.agency_id AS text), :basis) OR r.marks & :wavering <> :wavering"
    "   OR EXISTS (SELECT 1 FROM duties d WHERE d.profile_id = r.profile_id AND d.state = 'open'"
    "     AND d.due_at <= :now)"
    "   OR r.marks & :accepted = 0 AND r.measured_at < (SELECT max(closed_at) FROM month_ends"
    "     WHERE state = 'closed')))"
    " ORDER BY r.profile_id LIMIT :page FOR NO KEY UPDATE SKIP LOCKED"
)
# Found alike from one side only: the other was measured before.
_ALIKE = text(
    "SELECT DISTINCT q.id FROM readiness f JOIN profiles p ON p.id = f.profile_id"
    " JOIN profiles q ON q.id <> p.id AND (q.name_key = p.name_key"
    "   OR q.authority_id = p.authority_id AND q.staff_number = p.staff_number)"
    " JOIN readiness g ON g.profile_id = q.id AND g.marks & :clean <> 0"
    ' WHERE f.faults @> \'{"clean": [["duplicate-person", ""]]}\''
    ' OR f.faults @> \'{"clean": [["duplicate-staff-number", "staff_number"]]}\''
    " ORDER BY q.id LIMIT :page"
)
# One statement, one snapshot: what is being added meanwhile stands beside the new sums and is counted once.
_RECOUNT = text(
    "WITH gone AS (DELETE FROM readiness_counts RETURNING 1)"
    " INSERT INTO readiness_counts (authority_id, agency_id, marks, n)"
    " SELECT authority_id, agency_id, marks, count(*) FROM readiness GROUP BY 1, 2, 3"
)


async def look_over(tools: Tools, scope: Scope, laws: Laws, now: datetime, beat: Callable[[], None]) -> int:
    """Measure what may have changed without an act and put the sums in order; how many were measured."""
    values = {
        "now": now,
        "basis": basis_of(laws.own),
        "bases": Jsonb({str(unit): basis_of(law) for unit, law in laws.by_unit.items()}),
        "wavering": int(Mark.CLEAN | Mark.LIVE),
        "accepted": int(Mark.ACCEPTED),
        "clean": int(Mark.CLEAN),
        "page": PAGE,
    }
    async with transaction(tools.engine, scope) as connection:
        await connection.execute(_MISSING)
    seen, after = 0, FIRST
    while True:
        async with transaction(tools.engine, scope) as connection:
            ids = list((await connection.execute(_STALE, {**values, "after": after})).scalars())
            seen += await measure_these(connection, tools, laws, now, ids)
        beat()
        if len(ids) < PAGE:
            break
        after = ids[-1]
    async with transaction(tools.engine, scope) as connection:
        alike = list((await connection.execute(_ALIKE, values)).scalars())
        seen += await measure_these(connection, tools, laws, now, alike)
        await connection.execute(_RECOUNT)
    return seen
