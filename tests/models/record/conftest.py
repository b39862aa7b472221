"""One migrated database per module, an authority of its own per test."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.database import engine_for
from tests.world import World, build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
"""Monday 1 December 2025, 10:00 in Viet Nam."""


@pytest.fixture
async def world(module_database, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), START, second=True)
    await engine.dispose()
