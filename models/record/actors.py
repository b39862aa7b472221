"""Who asks: the account behind a command with the roles it holds on the day."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Actor, Consent, Delegation, Grant

_AS_JSON = (
    "(SELECT json_build_object('id', a.id, 'authority_id', a.authority_id, 'profile_id', a.profile_id,"
    " 'personal', a.kind = 'personal',"
    " 'state', CASE WHEN a.suspended_at IS NULL THEN a.state ELSE 'suspended' END, 'grants',"
    " (SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id',"
    " g.agency_id, 'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of,"
    " 'level', g.level, 'level_document', CASE WHEN g.level IS NOT NULL THEN g.document END)),"
    " '[]') FROM grants g WHERE g.account_id = a.id), 'delegations', hoso_delegations(a.id),"
    " 'consents', hoso_consents(a.id))"
    " FROM accounts a WHERE a.id = {account})"
)
SUSPENDED = "suspended"
"""State of an actor whose account is suspended, whatever state it is suspended in."""
ACTOR_OF_COMMAND = _AS_JSON.format(account="c.account_id")
"""The account of a command ``c`` as JSON for `actor_of`."""
_ACTOR = text(f"SELECT {_AS_JSON.format(account=':id')} AS actor")


def grant_of(g: dict[str, Any]) -> Grant:
    """One grant from its JSON."""
    return Grant(
        role=g["role"],
        agency_id=UUID(g["agency_id"]),
        valid_from=date.fromisoformat(g["valid_from"]),
        valid_to=date.fromisoformat(g["valid_to"]) if g["valid_to"] else None,
        delegation_of=UUID(g["delegation_of"]) if g.get("delegation_of") else None,
        level=g.get("level"),
        level_document=g.get("level_document"),
    )


def delegation_of(d: dict[str, Any]) -> Delegation:
    """One delegation with its delegator from its JSON (the function `hoso_delegation` of the database)."""
    return Delegation(
        id=UUID(d["id"]),
        what=d["what"],
        delegator=actor_of(d["delegator"])[0],
        agency_id=UUID(d["agency_id"]),
        ancestors=tuple(UUID(one) for one in d["ancestors"]),
        valid_from=date.fromisoformat(d["valid_from"]),
        valid_to=date.fromisoformat(d["valid_to"]),
        over=d["over"],
    )


def consent_of(c: dict[str, Any]) -> Consent:
    """One consent from its JSON (the function `hoso_consents` of the database)."""
    return Consent(
        id=UUID(c["id"]),
        profile_id=UUID(c["profile_id"]),
        kind=c["kind"],
        starts_on=date.fromisoformat(c["starts_on"]),
        ends_on=date.fromisoformat(c["ends_on"]),
        level=c["level"],
    )


def actor_of(a: dict[str, Any]) -> tuple[Actor, str]:
    """The actor and the state of the account, from their JSON."""
    actor = Actor(
        account_id=UUID(a["id"]),
        person_profile_id=UUID(a["profile_id"]) if a["profile_id"] else None,
        authority_id=UUID(a["authority_id"]),
        grants=tuple(grant_of(g) for g in a["grants"]),
        delegations=tuple(delegation_of(d) for d in a.get("delegations", ())),
        consents=tuple(consent_of(c) for c in a.get("consents", ())),
        # A delegator's own rights as a person are never lent, so the database does not say it of one.
        personal=bool(a.get("personal")),
    )
    return actor, a["state"]


async def load_actor(connection: AsyncConnection, account_id: UUID) -> tuple[Actor, str] | None:
    """The actor and the state of the account; none where there is no such account."""
    found = await connection.scalar(_ACTOR, {"id": account_id})
    return actor_of(found) if found is not None else None
