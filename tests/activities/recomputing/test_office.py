"""The batch with the engine: it beats with where it is, and an attempt after a crash goes on behind that."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.recomputing.office import RecomputeOffice
from models.calendar import Calendar
from models.commands import GiveNotice
from models.database import engine_for, transaction
from models.messages import RecomputeStart
from models.record.loads import Load, load_calendar
from tests.world import World, build, tools_for

NOW = datetime(2026, 12, 30, 3, 0, tzinfo=UTC)


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=2)
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


async def loaded(world: World, *years: int) -> None:
    calendar = Calendar(years=tuple(y for y in Calendar.seed().years if y.year in years))
    async with transaction(world.tools.engine, world.scope) as connection:
        await load_calendar(connection, Load(world.authority, "1/TB", world.now), calendar)


async def test_it_beats_and_goes_on_behind_the_last_page(world: World) -> None:
    world.now = NOW + timedelta(minutes=1)
    await loaded(world, 2024, 2025, 2026)
    profile = await world.employ()
    body = GiveNotice(kind="salary", changed_on=date(2026, 12, 30), document="5/QĐ")
    assert (await world.ask("culture.hr", body, profile)).status == 201
    world.now = NOW + timedelta(minutes=2)
    await loaded(world, 2024, 2025, 2026, 2027)
    office = RecomputeOffice(world.tools)
    start = RecomputeStart(authority_id=world.authority, now=world.now)
    unknown = "SELECT id FROM duties WHERE state = 'open' AND facts ->> 'due_unknown' = '2027'"
    owed = (await world.one(unknown)).id
    last = max(row.id for row in await world.rows("SELECT id FROM duties WHERE state = 'open'"))

    resumed = ActivityEnvironment()
    resumed.info = replace(resumed.info, heartbeat_details=[str(last), 7, 2, 5, 0])
    done = await resumed.run(office.recompute_duties, start)
    assert (done.seen, done.moved, done.unchanged) == (7, 2, 5), "all of it was passed before the crash"

    first, beats = ActivityEnvironment(), []
    first.on_heartbeat = lambda *said: beats.append(said)
    done = await first.run(office.recompute_duties, start)
    assert done.moved == 1
    assert beats == [(str(last), done.seen, 1, done.unchanged, 0)]
    row = await world.one("SELECT due_on FROM duties WHERE id = :id", id=owed)
    assert row.due_on == date(2027, 1, 7)
