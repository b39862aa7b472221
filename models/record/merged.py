"""Rows of two profiles that become one: lists left, the number that is right, former files that follow."""

from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.identifiers import agency_month_workflow
from models.record.writing import Writing

UNSENT = ("listed", "approved", "held", "cleared")
"""Items of a month's list that no packet holds."""
_OFF = text(
    "UPDATE month_items i SET state = 'moved', reason = :reason, changed_at = :now FROM agency_months m"
    " WHERE m.id = i.agency_month_id AND m.state <> 'closed' AND i.profile_id = :profile"
    " AND i.state = ANY (:unsent) AND i.tran_code IS NULL RETURNING m.id, m.agency_id, m.month"
)
_TELL = text(
    "INSERT INTO outbox (authority_id, workflow_id, payload, created_at)"
    " VALUES (:authority, :workflow, :payload, :now)"
)


async def off_lists(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """What no packet holds yet leaves every open list, and the lists' own workflows hear of it."""
    named = {
        "profile": writing.profile_id,
        "reason": values["reason"],
        "unsent": list(UNSENT),
        "now": writing.now,
    }
    for row in list(await connection.execute(_OFF, named)):
        line = {
            "authority": writing.authority_id,
            "workflow": agency_month_workflow(row.agency_id, row.month),
            "payload": Jsonb({"month": str(row.id)}),
            "now": writing.now,
        }
        await connection.execute(_TELL, line)


_NUMBER = text(
    "UPDATE profiles s SET id_number_index = d.id_number_index, id_number_key = d.id_number_key,"
    " id_number_guard = d.id_number_guard FROM profiles d WHERE d.id = :duplicate AND s.id = :profile"
)


async def number_taken(connection: AsyncConnection, writing: Writing, values: dict[str, Any]) -> None:
    """The survivor is found from now on by the number of the profile that was closed into it."""
    await connection.execute(_NUMBER, {"duplicate": values["duplicate"], "profile": writing.profile_id})


_FOLLOWING = text(
    "SELECT id FROM profiles WHERE merged_into = :profile AND agency_id <> :agency"
    " ORDER BY id FOR NO KEY UPDATE"
)
_PLACED = text("UPDATE profiles SET agency_id = :agency WHERE id = :id")


async def following(connection: AsyncConnection, profile_id: UUID | None, agency_id: UUID) -> list[UUID]:
    """Profiles merged into this one: their agency is named anew, their custody is the caller's to move."""
    found = await connection.execute(_FOLLOWING, {"profile": profile_id, "agency": agency_id})
    ids = list(found.scalars())
    for one in ids:
        await connection.execute(_PLACED, {"id": one, "agency": agency_id})
    return ids


def link_of(custody_id: UUID, profile_id: UUID) -> UUID:
    """The id of a follower's custody: the same however often the act is done."""
    return uuid5(custody_id, str(profile_id))
