"""Acts on the installation as a whole, as commands: asked by an administrator, recorded, settled.

A sibling of ``act`` beside the one for the law: its subject is the authority, whose own stream it is told in.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.command_admin import (
    AnnounceMaintenance,
    CheckEscrow,
    LiftMaintenance,
    OrderBackup,
    PauseParty,
    ResumeParty,
)
from models.command_national import OrderReconciliation
from models.command_shapes import Body
from models.database import Scope, together, transaction
from models.lifecycle import escrow
from models.lifecycle.guard import refuse
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.logs import logger
from models.messages import Ask, Moment
from models.record import service
from models.record.authority_stream import authority_scene, record_on_authority
from models.record.commands import Command
from models.record.ended_ahead import ends_to_see_to, see_to_ends
from models.record.lawgiving import permitted
from models.record.once import once
from models.record.sql import inserting
from models.record.tools import Tools
from models.record.tree import mend_lines
from models.record.tree_acts import TreeBody, act_on_tree

CREATED = 201
log = logger("administer")


@dataclass(frozen=True, slots=True)
class Done:
    """What an act answers, and what it tells."""

    answer: dict[str, Any]
    outcome: Outcome
    status: int = CREATED


Doing = Callable[[AsyncConnection, Command, Any, Scene], Awaitable[Done]]


async def administer(tools: Tools, ask: Ask) -> Moment:
    """Do one act, exactly once however often it is asked."""
    if ask.internal == "mend_tree":
        return await _mend(tools, ask)
    assert ask.command_id is not None, "nothing else but a command comes here"
    scope = Scope(ask.authority_id, everything=True, on=legal_date(ask.now))
    async with transaction(tools.engine, scope) as connection:
        answered = await once(connection, tools, ask, partial(_decided, connection, tools, ask))
    return _moment(*answered)


async def _decided(
    connection: AsyncConnection, tools: Tools, ask: Ask, command: Command
) -> tuple[int, dict[str, Any]]:
    done = await _done(connection, tools, ask, command)
    return done.status, done.answer


async def _done(connection: AsyncConnection, tools: Tools, ask: Ask, command: Command) -> Done:
    on_tree = isinstance(command.body, TreeBody)
    role = "" if on_tree else await permitted(connection, tools, ask, command)
    scene = replace(
        await authority_scene(connection, tools, ask.authority_id, command.id, ask.now),
        actor_id=command.actor.account_id,
        actor_role=role,
        actor_profile_id=command.actor.person_profile_id,
    )
    if isinstance(command.body, TreeBody):
        agency, answer, told = await act_on_tree(connection, command, command.body, scene)
        await record_on_authority(connection, scene, ask.authority_id, agency, told)
        return Done(answer, told)
    if isinstance(command.body, CheckEscrow):
        told = escrow.checked(tools.ring.check_value, command.body, scene)
        done = Done({"check_value": command.body.check_value}, told)
    else:
        done = await DOINGS[type(command.body)](connection, command, command.body, scene)
    await record_on_authority(connection, scene, ask.authority_id, scene.managing_agency_id, done.outcome)
    return done


async def _order(connection: AsyncConnection, command: Command, body: OrderBackup, scene: Scene) -> Done:
    authority_id = command.actor.authority_id
    rule = scene.rule("backup")
    row = {
        "id": command.id,
        "authority_id": authority_id,
        "month": f"{scene.today:%Y-%m}",
        "state": "ordered",
        "ordered_by": scene.actor_id,
        "document": body.document,
        "rule_id": rule.rule.id if rule else None,
        "citation": rule.citation if rule else None,
        "ordered_at": scene.now,
    }
    await together(connection, [inserting("backups", row)])
    out = Outcome().happened("backup.ordered", None, backup=str(command.id), document=body.document)
    return Done({"backup_id": str(command.id), "citation": row["citation"]}, out)


async def _compare(
    connection: AsyncConnection, command: Command, body: OrderReconciliation, scene: Scene
) -> Done:
    """One comparison at a time: two would repair the same things twice."""
    authority_id = command.actor.authority_id
    if await connection.scalar(_COMPARING):
        refuse("wrong-state", "Một lượt đối soát đang chạy.", "A reconciliation is under way.")
    row = {
        "id": command.id,
        "authority_id": authority_id,
        "state": "theirs",
        "document": body.document,
        "ordered_by": scene.actor_id,
        "ordered_at": scene.now,
        "cursor": "",
        "compared": 0,
    }
    await together(connection, [inserting("reconciliations", row)])
    out = Outcome().happened(
        "reconciliation.ordered", None, reconciliation=str(command.id), document=body.document
    )
    return Done({"reconciliation_id": str(command.id)}, out)


_COMPARING = text("SELECT EXISTS (SELECT 1 FROM reconciliations WHERE state <> 'done')")


def _plain(
    act: Callable[[AsyncConnection, Command, Any, Scene], Awaitable[Outcome]], named: str, status: int
) -> Doing:
    """An act that answers its own id under a name, and the article it was done under."""

    async def done(connection: AsyncConnection, command: Command, body: Body, scene: Scene) -> Done:
        out = await act(connection, command, body, scene)
        cited = out.events[-1].citation
        return Done({named: str(command.id), **({"citation": cited} if cited else {})}, out, status)

    return done


DOINGS: dict[type[Body], Doing] = {
    OrderBackup: _order,
    OrderReconciliation: _compare,
    PauseParty: _plain(service.pause, "pause_id", CREATED),
    ResumeParty: _plain(service.resume, "act_id", 200),
    AnnounceMaintenance: _plain(service.announce, "maintenance_id", CREATED),
    LiftMaintenance: _plain(service.lift, "act_id", 200),
}


async def _mend(tools: Tools, ask: Ask) -> Moment:
    """Make the tree's closure again from what it is made of, bring labels to today, see to ends that came."""
    today = legal_date(ask.now)
    async with transaction(tools.engine, Scope(ask.authority_id, everything=True, on=today)) as connection:
        apart = await mend_lines(connection, ask.authority_id, today)
        if apart:
            log.warning("tree.mended", missing=len(apart.missing), surplus=len(apart.surplus))
        if await ends_to_see_to(connection, today):
            act_id = uuid5(ask.authority_id, f"ends:{ask.now.isoformat()}")
            scene = await authority_scene(connection, tools, ask.authority_id, act_id, ask.now)
            await see_to_ends(connection, ask.authority_id, scene, scene.managing_agency_id)
    return _moment(200)


def _moment(status: int, refusal: str = "") -> Moment:
    return Moment(version=0, chapter="administration", words="Quản trị", status=status, refusal=refusal)
