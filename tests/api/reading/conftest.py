"""The reading routers alone, in front of a small authority."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from api.problems import install
from api.routers import (
    attachments,
    code_lists,
    gate,
    lists,
    national,
    read_access,
    read_agencies,
    read_drafts,
    read_duties,
    read_forms,
    read_history,
    read_profiles,
    read_story,
    read_work,
    readiness,
    second_factor,
    session,
    simulations,
    uploads,
    verifying,
)
from models.documents import DocumentStore, FolderBlobs
from models.key_changes import create_keyring
from models.key_ring import MasterKey
from models.keys import FieldCipher
from models.record.tools import Tools
from tests.api.conftest import SETTINGS
from tests.api.reading.world import Caller, StandingClock, World, ground
from tests.web import part

OWN_LOGINS = ("test_session", "test_second_factor")
"""Where sessions themselves are tested each login is one of its own."""


@pytest.fixture(scope="module")
def world(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The authority with its accounts; each test file adds its own profiles."""
    folder: Path = tmp_path_factory.mktemp("world")
    ring = create_keyring(folder / "ring.json", MasterKey.create(folder / "master.key"))
    made = World(module_database, ring, DocumentStore(FolderBlobs(folder / "documents"), FieldCipher(ring)))
    asyncio.run(made.written(lambda connection: ground(made, connection)))
    return made


def readers() -> FastAPI:
    made = FastAPI()
    install(made)
    made.include_router(second_factor.own, prefix="/api/v1")
    for one in (
        second_factor,
        session,
        read_agencies,
        read_profiles,
        lists,
        national,
        read_forms,
        read_access,
        read_drafts,
        attachments,
        uploads,
        read_duties,
        read_work,
        readiness,
        code_lists,
        gate,
        read_story,
        read_history,
        simulations,
        verifying,
    ):
        made.include_router(one.router, prefix="/api/v1")
    return made


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def app(world: World, clock: StandingClock) -> AsyncIterator[FastAPI]:
    """The reading routers alone, as the role of the API."""
    engine = create_async_engine(world.database.url("api"), pool_size=2)
    made = part(readers)
    made.state.tools = Tools(engine, world.ring)
    made.state.clock = clock
    made.state.settings = SETTINGS
    made.state.documents = world.documents
    made.state.temporal = None
    yield made
    await engine.dispose()


@pytest.fixture
async def callers(
    app: FastAPI, world: World, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[[], Caller]]:
    """Makes clients, each its own."""
    made: list[Caller] = []

    def make() -> Caller:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        made.append(Caller(transport=transport, base_url="http://hoso/api/v1"))
        made[-1].tokens = {} if request.path.name.startswith(OWN_LOGINS) else world.tokens
        return made[-1]

    yield make
    for caller in made:
        await caller.aclose()


@pytest.fixture
async def caller(callers: Callable[[], Caller]) -> Caller:
    """One client, not logged in."""
    return callers()
