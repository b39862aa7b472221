"""Two authorities with somebody in every role, once a module; the API over them, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.matrix.served import client_of, served
from tests.api.matrix.stage import Stage, build_stage


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
