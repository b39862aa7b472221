"""What a reorganisation leaves to people is owed until it is no longer so; each agency is told once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from models.database import engine_for, together, transaction
from models.lifecycle.outcome import Outcome
from models.lifecycle.reorganisation import Reorganised
from models.lifecycle.scene import Scene
from models.record.residue import residue, settle_residue
from models.record.write import GENESIS, chain, lines
from models.record.writing import Writing
from tests.models.record.test_moving import DOCUMENT, TODAY, merged, planned
from tests.world import World, build, tools_for

NOW = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


async def told(world: World, case: Reorganised) -> Outcome:
    """The residue written as the end of a case writes it."""
    out = Outcome()
    async with transaction(world.tools.engine, world.scope) as connection:
        law, calendar = await world.tools.law(connection, world.authority, TODAY)
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
        await residue(connection, world.tools, case, scene, out)
        common = {"authority_id": world.authority, "agency_id": world.department, "profile_id": None}
        events = chain(out, scene, case.id, 0, GENESIS, **common, command_id=None)
        await together(connection, lines(out, scene, Writing(world.authority, None, world.tools, world.now), events))
    return out
