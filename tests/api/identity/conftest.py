"""The whole API over HTTP semantics, an authority and its accounts behind it; acts are done at once."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from api import commands
from api.commands import Addressed, Engine
from models.messages import Ask
from models.record.accounting import manage_account
from models.record.tools import Tools
from tests.api.over_http import app as over_http
from tests.api.over_http import caller, callers, choices, clock, world
from tests.api.reading.world import StandingClock, World

__all__ = ["app", "caller", "callers", "choices", "clock", "over_http", "world"]


@pytest.fixture
async def app(
    over_http: FastAPI, world: World, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FastAPI]:
    """What is asked of an account's workflow is decided by the act its local activity would call."""
    worker = create_async_engine(world.database.url("worker"), pool_size=2)
    deciding = Tools(worker, world.ring)

    async def decided(_: Engine, command: Addressed, patience: timedelta) -> None:
        asked = Ask(
            authority_id=command.authority_id,
            subject="account",
            subject_id=command.subject_id,
            command_id=command.command_id,
            now=clock.at,
        )
        await manage_account(deciding, asked)

    over_http.state.engine = Engine(None, "none", over_http.state.tools)  # type: ignore[arg-type]  # nothing is sent
    monkeypatch.setattr(commands, "put", decided)
    yield over_http
    await worker.dispose()
