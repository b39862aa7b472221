"""Who asks: the account behind a command with the roles it holds on the day."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Actor, Grant

_ACTOR = text(
    "SELECT a.id, a.authority_id, a.profile_id, a.state, a.agency_id,"
    " (SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id', g.agency_id,"
    " 'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of)), '[]')"
    " FROM grants g WHERE g.account_id = a.id) AS grants"
    " FROM accounts a WHERE a.id = :id"
)


def grant_of(g: dict[str, Any]) -> Grant:
    """One grant from its JSON."""
    return Grant(
        role=g["role"],
        agency_id=UUID(g["agency_id"]),
        valid_from=date.fromisoformat(g["valid_from"]),
        valid_to=date.fromisoformat(g["valid_to"]) if g["valid_to"] else None,
        delegation_of=UUID(g["delegation_of"]) if g.get("delegation_of") else None,
    )


async def load_actor(connection: AsyncConnection, account_id: UUID) -> tuple[Actor, str] | None:
    """The actor and the state of the account; none where there is no such account."""
    row = (await connection.execute(_ACTOR, {"id": account_id})).one_or_none()
    if row is None:
        return None
    actor = Actor(
        account_id=row.id,
        person_profile_id=row.profile_id,
        authority_id=row.authority_id,
        grants=tuple(grant_of(g) for g in row.grants),
    )
    return actor, row.state
