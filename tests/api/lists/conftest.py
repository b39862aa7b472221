"""A month's list with real signatures, read through the API as its own database role."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from api.problems import install
from api.routers import lists, national, read_forms, read_work
from api.scope import token_hash
from models.database import transaction
from models.messages import MonthStart
from models.record.tools import Tools
from tests.activities.batches.conftest import (
    OPENING,
    client,
    emulator,
    emulator_process,
    gateway,
    month_of,
    months,
    run,
    settings,
    signing,
    submitted,
    world,
)
from tests.api.conftest import SETTINGS
from tests.web import part
from tests.world import World

__all__ = [
    "client",
    "emulator",
    "emulator_process",
    "gateway",
    "months",
    "run",
    "settings",
    "signing",
    "world",
]


class Still:
    """A clock that stands where the world stands."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def now(self) -> Any:
        return self._world.now


@pytest.fixture
async def listed(world: World, months, run) -> tuple[Any, list[UUID]]:
    """Culture's open list with three people, in the order of their ids."""
    people = sorted([await submitted(world, n) for n in range(1, 4)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    return await month_of(world, world.culture), people


def _readers() -> FastAPI:
    made = FastAPI()
    install(made)
    for one in (lists, national, read_forms, read_work):
        made.include_router(one.router, prefix="/api/v1")
    return made


@pytest.fixture
async def app(database: Any, world: World, signing) -> AsyncIterator[FastAPI]:
    engine = create_async_engine(database.url("api"), pool_size=2)
    made = part(_readers)
    made.state.tools = Tools(engine, world.tools.ring)
    made.state.clock = Still(world)
    made.state.settings = SETTINGS
    made.state.documents = signing.store
    made.state.temporal = None
    yield made
    await engine.dispose()


_SESSION = text("INSERT INTO sessions VALUES (:hash, :authority, :account, :now, :ends)")


@pytest.fixture
async def log_in(app: FastAPI, world: World) -> AsyncIterator[Callable[[str], Awaitable[httpx.AsyncClient]]]:
    """``await log_in("culture.approver")``: a client with that account's session."""
    opened: list[httpx.AsyncClient] = []

    async def enter(who: str) -> httpx.AsyncClient:
        token = secrets.token_urlsafe(32)
        row = {"hash": token_hash(token), "authority": world.authority, "account": world.accounts[who]}
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                _SESSION, {**row, "now": world.now, "ends": world.now + timedelta(hours=8)}
            )
        made = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hoso/api/v1")
        made.headers["Authorization"] = f"Bearer {token}"
        opened.append(made)
        return made

    yield enter
    for one in opened:
        await one.aclose()
