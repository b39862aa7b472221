"""The whole API over HTTP semantics, without an engine: what stands before and around the routes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from models.documents import DocumentStore, FolderBlobs
from models.key_changes import create_keyring
from models.key_ring import MasterKey
from models.keys import FieldCipher
from models.record.tools import Tools
from models.settings import Settings
from tests.api.reading.world import NOW, Caller, StandingClock, World, ground
from tests.web import application

PUBLIC = "https://hoso.example"


@pytest.fixture(scope="module")
def world(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The authority with its accounts."""
    folder: Path = tmp_path_factory.mktemp("world")
    ring = create_keyring(folder / "ring.json", MasterKey.create(folder / "master.key"))
    made = World(module_database, ring, DocumentStore(FolderBlobs(folder / "documents"), FieldCipher(ring)))
    asyncio.run(made.written(lambda connection: ground(made, connection)))
    return made


@pytest.fixture
def choices() -> dict[str, Any]:
    """Settings of the test's own; an https address, so that cookies are as people get them."""
    return {"public_url": PUBLIC}


@pytest.fixture
def clock() -> StandingClock:
    made = StandingClock()
    made.at = NOW
    return made


@pytest.fixture
async def app(
    world: World, clock: StandingClock, choices: dict[str, Any], tmp_path: Path
) -> AsyncIterator[FastAPI]:
    """The application as a process has it, but for the engine."""
    settings: Settings = world.database.settings(tmp_path, **choices)
    engine = create_async_engine(world.database.url("api"), pool_size=2)
    made = application(settings)
    made.state.tools = Tools(engine, world.ring)
    made.state.clock = clock
    made.state.documents = world.documents
    made.state.temporal = None
    yield made
    await engine.dispose()


@pytest.fixture
async def callers(app: FastAPI) -> AsyncIterator[Callable[[], Caller]]:
    """Makes clients, each its own; each remembers cookies as a browser does."""
    made: list[Caller] = []

    def make() -> Caller:
        made.append(
            Caller(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=f"{PUBLIC}/api/v1"
            )
        )
        made[-1].tokens = {}
        return made[-1]

    yield make
    for caller in made:
        await caller.aclose()


@pytest.fixture
async def caller(callers: Callable[[], Caller]) -> Caller:
    """One client, not logged in."""
    return callers()
