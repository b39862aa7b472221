"""One migrated database per module, an authority of its own per test; a past to alter, a copy per test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from models.database import engine_for
from models.record.tools import Tools
from tests.models.history.past import History, as_superuser
from tests.world import World, build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
"""Monday 1 December 2025, 10:00 in Viet Nam."""


@pytest.fixture
async def world(module_database, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), START, second=True)
    await engine.dispose()


@pytest.fixture
def as_owner(module_database) -> Callable[..., list[Any]]:
    """A function that runs a statement as the one who may do anything, past every policy and trigger."""

    return partial(as_superuser, module_database)


@pytest.fixture(scope="module")
def past(module_database, pki: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    """Made once; each test gets a copy to do with as it likes."""
    folder = tmp_path_factory.mktemp("past")

    async def live() -> History:
        engine = engine_for(module_database.url("worker"), pool_size=4)
        world = await build(tools_for(engine, folder), START)
        made = History(world, module_database, pki, folder / "nơi thứ hai")
        await made.day()
        await made.day()
        await world.employ(until="declaration")
        await made.log()
        await world.employ(until="account")  # not in the log yet
        await engine.dispose()
        return made

    return asyncio.run(live())


@pytest.fixture
async def history(past: History, copy_of, tmp_path: Path) -> AsyncIterator[History]:
    database = copy_of(past.database)
    tools = Tools(engine_for(database.url("worker"), pool_size=2), past.world.tools.ring)
    folder = Path(shutil.copytree(past.folder, tmp_path / "nơi thứ hai"))
    yield History(replace(past.world, tools=tools), database, past.pki, folder, past.sealed)
    await tools.engine.dispose()
