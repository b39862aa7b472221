"""A past to seal, and the development PKI's timestamp authority as a process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.sealing.sealer import Sealer
from activities.sealing.stamping import Stamps
from models.database import engine_for
from models.settings import DatabaseRole
from tests.activities.sealing.scene import Scene
from tests.pki import DevelopmentPki, running
from tests.world import build, tools_for


@pytest.fixture(scope="module")
def services(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[DevelopmentPki]:
    """The PKI's process; its clock and faults are the tests'."""
    with running(tmp_path_factory.mktemp("services") / "pki", free_port) as found:
        yield found


@pytest.fixture
async def scene(database, services: DevelopmentPki, tmp_path: Path) -> AsyncIterator[Scene]:
    """One authority, one sealer that has not looked yet."""
    services.mend()
    engine = engine_for(database.url("worker"), pool_size=4)
    now = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
    world = await build(tools_for(engine, tmp_path), now)
    settings = database.settings(tmp_path, pki=services.folder, pki_url=services.url)
    stamps = Stamps(settings)
    made = Scene(world, database, settings, services)
    made.sealer = Sealer(
        engine,
        database.libpq_url(DatabaseRole.WORKER),
        made.now,
        stamps,
        settings.second_place_address,
    )
    yield made
    stamps.close()
    await engine.dispose()
    await asyncio.to_thread(services.mend)
