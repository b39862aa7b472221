"""Who moves with a plan, in one set-based statement: for a preview's counts and for the day's frozen list."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.reorganisation import Census, Compiled

WHO = (
    "WITH listed AS (SELECT l.profile AS id, l.unit AS from_id, l.to_id"
    " FROM jsonb_to_recordset(CAST(:lists AS jsonb)) AS l (profile uuid, unit uuid, to_id uuid)"
    " JOIN profiles p ON p.id = l.profile AND p.agency_id = l.unit AND p.chapter <> 'archive'),"
    # Archived files moved with the plan go back with it, too.
    " undone AS (SELECT DISTINCT ON (i.profile_id) i.profile_id AS id, i.to_agency_id AS from_id,"
    " i.from_agency_id AS to_id FROM reorganisation_items i"
    " JOIN profiles p ON p.id = i.profile_id AND p.agency_id = i.to_agency_id"
    " WHERE i.reorganisation_id = ANY (CAST(:undone AS uuid[])) AND i.state = 'moved'"
    " AND i.from_agency_id <> i.to_agency_id"
    " AND NOT EXISTS (SELECT 1 FROM listed o WHERE o.id = i.profile_id)),"
    " rest AS (SELECT p.id, p.agency_id AS from_id, r.to_id, r.placed"
    " FROM jsonb_to_recordset(CAST(:rests AS jsonb)) AS r (unit uuid, to_id uuid, placed boolean)"
    " JOIN profiles p ON p.agency_id = r.unit AND p.chapter <> 'archive'"
    " WHERE NOT EXISTS (SELECT 1 FROM listed o WHERE o.id = p.id)"
    " AND NOT EXISTS (SELECT 1 FROM undone o WHERE o.id = p.id)),"
    " who AS (SELECT id, from_id, to_id, true AS placed FROM listed WHERE from_id <> to_id"
    " UNION ALL SELECT id, from_id, to_id, true FROM undone"
    " UNION ALL SELECT id, from_id, to_id, placed FROM rest WHERE from_id <> to_id)"
)
"""Everybody whom a plan moves: ``who (id, from_id, to_id, placed)``."""
_FREEZE = text(
    f"{WHO} INSERT INTO reorganisation_items (reorganisation_id, profile_id, authority_id, position,"  # noqa: S608 — our own text
    " from_agency_id, to_agency_id, placed, state) SELECT :id, w.id, :authority,"
    " row_number() OVER (ORDER BY w.from_id, w.id), w.from_id, w.to_id, w.placed, 'waiting' FROM who w"
)
_NEWCOMERS = text(
    "INSERT INTO reorganisation_items (reorganisation_id, profile_id, authority_id, position,"
    " from_agency_id, to_agency_id, placed, state) SELECT :id, p.id, :authority,"
    " (SELECT coalesce(max(position), 0) FROM reorganisation_items WHERE reorganisation_id = :id)"
    " + row_number() OVER (ORDER BY p.agency_id, p.id), p.agency_id, r.to_id, false, 'waiting'"
    " FROM jsonb_to_recordset(CAST(:rests AS jsonb)) AS r (unit uuid, to_id uuid)"
    " JOIN profiles p ON p.agency_id = r.unit AND p.chapter <> 'archive'"
    " ON CONFLICT (reorganisation_id, profile_id) DO UPDATE SET state = 'waiting', reason = 'came-back',"
    " moved_at = NULL WHERE reorganisation_items.state <> 'waiting'"
)


def who(compiled: Compiled, census: Census) -> dict[str, Any]:
    """The parameters of `WHO`. People nobody placed in a unit that ends go to its heir, marked so."""
    lists = [
        {"profile": str(census.where[name][0]), "unit": str(one.unit), "to_id": str(one.to)}
        for one in compiled.placements
        for name in one.people or ()
        if name in census.where
    ]
    rests = {one.unit: (one.to, True) for one in compiled.placements if one.people is None}
    for unit in compiled.ended:
        rests.setdefault(unit, (compiled.heirs[unit], False))
    return {
        "lists": json.dumps(lists),
        "rests": json.dumps(
            [{"unit": str(u), "to_id": str(to), "placed": placed} for u, (to, placed) in rests.items()]
        ),
        "undone": list(compiled.undone),
    }


async def freeze(
    connection: AsyncConnection,
    authority_id: UUID,
    reorganisation_id: UUID,
    compiled: Compiled,
    census: Census,
) -> int:
    """Write down who moves, in one statement; answers how many."""
    values = {"id": reorganisation_id, "authority": authority_id, **who(compiled, census)}
    return (await connection.execute(_FREEZE, values)).rowcount


_STAYING = text(
    "INSERT INTO reorganisation_items (reorganisation_id, profile_id, authority_id, position,"
    " from_agency_id, to_agency_id, placed, state) SELECT :id, p.id, :authority,"
    " (SELECT coalesce(max(position), 0) FROM reorganisation_items WHERE reorganisation_id = :id)"
    " + row_number() OVER (ORDER BY p.agency_id, p.id), p.agency_id, p.agency_id, true, 'waiting'"
    " FROM profiles p WHERE p.agency_id = ANY (:units) AND p.chapter <> 'archive' ON CONFLICT DO NOTHING"
)


async def freeze_staying(
    connection: AsyncConnection, authority_id: UUID, reorganisation_id: UUID, units: Sequence[UUID]
) -> int:
    """Whoever stays in a unit whose law changes is on the list, too; answers how many."""
    values = {"id": reorganisation_id, "authority": authority_id, "units": list(units)}
    return (await connection.execute(_STAYING, values)).rowcount


async def freeze_newcomers(
    connection: AsyncConnection, authority_id: UUID, reorganisation_id: UUID, heirs: dict[UUID, UUID]
) -> int:
    """Whoever came into a unit that ends since its people were written down; answers how many."""
    rests = [{"unit": str(unit), "to_id": str(to)} for unit, to in heirs.items()]
    values = {"id": reorganisation_id, "authority": authority_id, "rests": json.dumps(rests)}
    return (await connection.execute(_NEWCOMERS, values)).rowcount
