"""Two authorities with somebody in every role, once a module; the API over them, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from models.key_changes import create_keyring
from models.key_ring import MasterKey
from models.record.tools import Tools
from tests.api.matrix.city import City
from tests.api.matrix.served import client_of, served
from tests.api.matrix.stage import NOW, Stage, build_stage
from tests.world import build


@pytest.fixture(scope="module")
def stage(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return build_stage(module_database, tmp_path_factory.mktemp("matrix"))


@pytest.fixture
async def app(module_database: Any, stage: Stage, tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with served(module_database, stage, tmp_path) as made:
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as made:
        yield made


@pytest.fixture
async def city(module_database: Any, tmp_path: Path) -> AsyncIterator[City]:
    """An authority of its own for each course, in one database."""
    ring = create_keyring(tmp_path / "ring.json", MasterKey.create(tmp_path / "master.key"))
    engine = create_async_engine(module_database.url("worker"), poolclass=NullPool)
    world = await build(Tools(engine, ring), NOW, second=True)
    async with served(module_database, Stage(world, world), tmp_path) as app, client_of(app) as client:
        yield City(world, app, client)
