"""Pauses of outside parties and announced maintenance, as rows: what stands, and the acts that change it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.command_admin import AnnounceMaintenance, LiftMaintenance, PauseParty, ResumeParty
from models.database import Query, Scope, together, transaction
from models.lifecycle import service
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.service import Pause, Window
from models.record.commands import Command
from models.record.sql import inserting

_PAUSED = text(
    "SELECT party, reason, since, until FROM party_pauses WHERE resumed_at IS NULL"
    " AND (until IS NULL OR until > :now) ORDER BY since"
)
_OVER = text("UPDATE party_pauses SET resumed_at = until WHERE resumed_at IS NULL AND until <= :now")
_RESUMED = text(
    "UPDATE party_pauses SET resumed_at = :now, resumed_by = :by, resumed_why = :why"
    " WHERE party = :party AND resumed_at IS NULL"
)
_WINDOWS = text(
    "SELECT id, starts_at, ends_at, document, citation FROM maintenances"
    " WHERE lifted_at IS NULL AND ends_at > :now ORDER BY starts_at"
)
_ONE = text(
    "SELECT id, starts_at, ends_at, document, citation FROM maintenances WHERE id = :id AND lifted_at IS NULL"
)
_LIFTED = text("UPDATE maintenances SET lifted_at = :now, lifted_by = :by, lifted_why = :why WHERE id = :id")
# Everybody with an account is told, one line each: the notice is what the law makes the pause depend on.
_TELL = text(
    "INSERT INTO notices (id, authority_id, account_id, agency_id, kind, citation, facts, created_at)"
    " SELECT gen_random_uuid(), authority_id, id, agency_id, :kind, :citation, :facts, :now FROM accounts"
    " WHERE state <> 'cancelled' AND kind <> 'service'"
)


async def paused(connection: AsyncConnection, now: datetime) -> dict[str, Pause]:
    """What is paused at ``now``, by party."""
    rows = await connection.execute(_PAUSED, {"now": now})
    return {row.party: Pause(row.party, row.reason, row.since, row.until) for row in rows}


async def paused_now(engine: AsyncEngine, authority_id: UUID, now: datetime) -> dict[str, Pause]:
    """The same in a transaction of its own."""
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        return await paused(connection, now)


async def windows(connection: AsyncConnection, now: datetime) -> list[Window]:
    """Maintenance that goes on or is to come, the nearest first."""
    return [Window(*row) for row in await connection.execute(_WINDOWS, {"now": now})]


async def pause(connection: AsyncConnection, command: Command, body: PauseParty, scene: Scene) -> Outcome:
    """The act: nothing goes there from now on."""
    out = service.pause(await paused(connection, scene.now), body, scene)
    row = {
        "id": command.id,
        "authority_id": command.actor.authority_id,
        "party": body.party,
        "reason": body.reason,
        "since": scene.now,
        "until": body.until,
        "paused_by": scene.actor_id,
    }
    await together(connection, [(_OVER, {"now": scene.now}), inserting("party_pauses", row)])
    return out


async def resume(connection: AsyncConnection, _command: Command, body: ResumeParty, scene: Scene) -> Outcome:
    """The act: it goes on."""
    out = service.resume(await paused(connection, scene.now), body, scene)
    values = {"party": body.party, "now": scene.now, "by": scene.actor_id, "why": body.reason}
    await together(connection, [(_OVER, {"now": scene.now}), (_RESUMED, values)])
    return out


async def announce(
    connection: AsyncConnection, command: Command, body: AnnounceMaintenance, scene: Scene
) -> Outcome:
    """The act: written down, and everybody told."""
    out = service.announce(await windows(connection, scene.now), body, scene)
    rule = scene.rule(service.SLOT)
    row = {
        "id": command.id,
        "authority_id": command.actor.authority_id,
        "starts_at": body.starts_at,
        "ends_at": body.ends_at,
        "document": body.document,
        "rule_id": rule.rule.id if rule else None,
        "citation": rule.citation if rule else None,
        "announced_at": scene.now,
        "announced_by": scene.actor_id,
    }
    facts = {"starts_at": body.starts_at.isoformat(), "ends_at": body.ends_at.isoformat()}
    tell = _told(
        "maintenance_announced",
        rule.citation if rule else None,
        facts | {"document": body.document},
        scene.now,
    )
    await together(connection, [inserting("maintenances", row), tell])
    return out


async def lift(
    connection: AsyncConnection, _command: Command, body: LiftMaintenance, scene: Scene
) -> Outcome:
    """The act: it is over, or will not be; everybody is told of that, too."""
    found = (await connection.execute(_ONE, {"id": body.maintenance_id})).one_or_none()
    out = service.lift(Window(*found) if found is not None else None, body, scene)
    assert found is not None, "lifting what is not there is refused"
    facts = {"starts_at": found.starts_at.isoformat(), "ends_at": found.ends_at.isoformat()}
    values = {"id": body.maintenance_id, "now": scene.now, "by": scene.actor_id, "why": body.reason}
    tell = _told("maintenance_lifted", found.citation, facts, scene.now)
    await together(connection, [(_LIFTED, values), tell])
    return out


def _told(kind: str, citation: str | None, facts: dict[str, str], now: datetime) -> Query:
    return _TELL, {"kind": kind, "citation": citation, "facts": Jsonb(facts), "now": now}


def waits(pauses: dict[str, Pause], parties: Sequence[str]) -> Pause | None:
    """The first of these parties that is paused."""
    return next((pauses[party] for party in parties if party in pauses), None)
