"""Lines for inboxes that no act writes: troubles of batches and of the way to the national database."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WRITE = text(
    "INSERT INTO notices (id, authority_id, account_id, agency_id, role, kind, duty_id, profile_id, citation,"
    " due_on, facts, created_at) VALUES (:id, :authority, NULL, :agency, :role, :kind, NULL, NULL, NULL,"
    " NULL,"
    " CAST(:facts AS jsonb), :now) ON CONFLICT DO NOTHING"
)
_DEPARTMENT = text(
    "SELECT coalesce(u.department_id, hoso_top()) FROM authorities u WHERE u.authority_id = :authority"
)


async def notify_post(
    connection: AsyncConnection,
    authority_id: UUID,
    *,
    agency_id: UUID,
    role: str,
    kind: str,
    once: str,
    now: datetime,
    **facts: Any,
) -> None:
    """A line for whoever holds ``role`` in ``agency_id``; the same ``once`` writes it once for ever.

    ``facts`` hold ids, dates, codes and counts only.
    """
    await connection.execute(
        _WRITE,
        {
            "id": uuid5(authority_id, f"{role}:{kind}:{once}"),
            "authority": authority_id,
            "agency": agency_id,
            "role": role,
            "kind": kind,
            "facts": json.dumps(facts),
            "now": now,
        },
    )


async def notify_administrator(
    connection: AsyncConnection, authority_id: UUID, kind: str, *, once: str, now: datetime, **facts: Any
) -> None:
    """A line for the administrators, who sit in the department that keeps the database."""
    agency_id = await connection.scalar(_DEPARTMENT, {"authority": authority_id})
    await notify_post(
        connection,
        authority_id,
        agency_id=agency_id,
        role="administrator",
        kind=kind,
        once=once,
        now=now,
        **facts,
    )
