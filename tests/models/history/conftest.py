"""One migrated database per module, an authority of its own per test."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
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


@pytest.fixture
def superuser(module_database) -> Callable[..., list[Any]]:
    """A function that runs a statement as the one who may do anything, past every policy and trigger."""

    def run(sql: str, *values: Any) -> list[Any]:
        server = module_database.server
        with psycopg.connect(server.url(database=module_database.name), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            done = connection.execute(sql, values)
            return done.fetchall() if done.description else []

    return run
