"""Locks that two transactions take in turn and never against each other."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import transaction
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.record.authority_stream import record_on_authority
from models.record.law_of import LawOf
from models.regulations import Slot
from tests.world import World

# What the database takes by itself when a row is written that refers to the authority.
_REFERRED = text("SELECT 1 FROM authorities WHERE authority_id = :id FOR KEY SHARE")
_EVENTS = "SELECT number, kind FROM events WHERE stream_id = :id AND kind LIKE 'test.%' ORDER BY number"


@pytest.mark.timeout(30)
async def test_two_who_wrote_rows_of_an_authority_both_record_on_it(world: World) -> None:
    """Seen as a deadlock of two campaigns: both had written rows before either took the authority's row."""
    both = asyncio.Barrier(2)

    async def campaign(kind: str) -> None:
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(_REFERRED, {"id": world.authority})
            await both.wait()
            await _record(world, connection, kind)

    await asyncio.gather(campaign("test.first"), campaign("test.second"))
    rows = await world.rows(_EVENTS, id=world.authority)
    assert {row.kind for row in rows} == {"test.first", "test.second"}
    assert rows[1].number == rows[0].number + 1


async def _record(world: World, connection: AsyncConnection, kind: str) -> int:
    law, calendar = await world.tools.law(connection, LawOf.authority(world.authority), legal_date(world.now))
    scene = Scene(
        now=world.now,
        law=law,
        calendar=calendar,
        policy=world.tools.policy,
        act_id=uuid4(),
        actor_id=None,
        actor_role="system",
        actor_profile_id=None,
        department_id=world.department,
        managing_agency_id=world.department,
    )
    outcome = Outcome().happened(kind, law.slot(Slot.UPDATE_AFTER_CHANGE))
    return await record_on_authority(connection, scene, world.authority, world.department, outcome)
