"""Who is told to stop while the engine is being asked stops: an API that ends does not wait for an answer."""

import asyncio
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from api.clock import SystemClock
from api.commands import Engine
from api.relay import Relay
from models.settings import DatabaseRole
from tests.conftest import Database
from tests.world import World

COMMAND = "SELECT workflow_id, settled_at FROM commands WHERE verb = 'open_profile'"


async def under_way(app: Any, world: World) -> bool:
    """Whether the engine holds the command's workflow, and with it the question."""
    found = await world.rows(COMMAND)
    try:
        return bool(found) and bool(await app.state.temporal.get_workflow_handle(found[0][0]).describe())
    except RPCError:
        return False


async def test_a_command_under_way_does_not_keep_its_sender_from_stopping(
    app: Any, log_in: Any, newcomer: dict[str, Any], world: World
) -> None:
    officer = await log_in("culture.hr")
    asking = asyncio.create_task(officer.command("/profiles", newcomer))  # without a worker nobody answers
    async with asyncio.timeout(30):
        while not await under_way(app, world):  # noqa: ASYNC110 — another process's state, no event tells it
            await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 5)
    (left,) = await world.rows(COMMAND)
    assert left.settled_at is None, "what was accepted waits for the relay"


async def test_whatever_the_relay_began_has_ended_when_it_has(
    database: Database, world: World, temporal_server: Any
) -> None:
    """Its tasks hold connections: one that outlived it would keep its own open past the database's end."""
    client = await Client.connect(temporal_server.address)
    engine = Engine(client, "nobody", world.tools)
    relay = Relay(engine, world.tools.engine, SystemClock(), database.libpq_url(DatabaseRole.API))
    began, ended = asyncio.Event(), asyncio.Event()

    async def put_again() -> int:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:  # as a statement that is told to stop: its connection is given back a little later
            await asyncio.sleep(0.2)
            ended.set()
        return 0

    relay.put_again = put_again  # type: ignore[method-assign] # what is under way when the end comes
    running = asyncio.create_task(relay.run())
    await asyncio.wait_for(began.wait(), 60)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()
