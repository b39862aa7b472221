"""Lives of every kind: what is loaded again unchanged in substance moves none of their duties."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from models.calendar import Calendar
from models.database import engine_for, transaction
from models.record.basis import basis_of
from models.record.recompute import recompute, survey
from tests.api.simulations.test_simulating import START, live
from tests.world import World, build, tools_for


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), START)
    await engine.dispose()


async def test_a_year_more_moves_nothing(world: World) -> None:
    """Every open duty is reckoned again from its rows alone, and comes out as it was opened."""
    await live(world)
    seed = Calendar.seed()
    last = seed.years[-1]
    moved = [one.model_copy(update={"date": one.date.replace(year=2031), "swap": None}) for one in last.days]
    more = last.model_copy(
        update={"year": 2031, "days": tuple(moved), "working_days": (), "proclamations": ()}
    )
    longer = Calendar(years=(*seed.years, more))
    async with transaction(world.tools.engine, world.scope) as connection:
        basis = await basis_of(connection, world.tools.shelf, world.authority, calendar=longer)
        found = [(one.before.duty.slot, one.due, one.why) async for one in survey(connection, basis)]
    open_ = await world.rows("SELECT DISTINCT slot FROM duties WHERE state = 'open'")
    assert len(open_) >= 5, open_
    assert found == []
    done = await recompute(world.tools, world.authority, world.now)
    assert (done.moved, done.unchanged) == (0, 0)
