"""Differences a comparison found, written once however often its page is gone through."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_KEEP = text(
    "INSERT INTO national_differences (id, authority_id, reconciliation_id, national_id, profile_id, kind,"
    " fields, repair, repaired, found_at) VALUES (:id, :authority, :run, :national, :profile, :kind,"
    " CAST(:fields AS jsonb), :repair, false, :now) ON CONFLICT DO NOTHING"
)

Kept = tuple[UUID, UUID | None, str, list[str], str]
"""Their id, ours where there is one, kind, fields, repair."""


async def keep_differences(
    connection: AsyncConnection,
    authority_id: UUID,
    reconciliation_id: UUID,
    found: Sequence[Kept],
    now: datetime,
) -> None:
    """Write them; what an earlier attempt wrote of the same record stands."""
    rows = [
        {
            "id": uuid5(reconciliation_id, f"difference:{national}"),
            "authority": authority_id,
            "run": reconciliation_id,
            "national": national,
            "profile": profile,
            "kind": kind,
            "fields": json.dumps(fields),
            "repair": repair,
            "now": now,
        }
        for national, profile, kind, fields, repair in found
    ]
    if rows:
        await connection.execute(_KEEP, rows)
