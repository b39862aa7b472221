"""Who is told to stop while the engine is being asked stops: an API that ends does not wait for an answer."""

import asyncio
from typing import Any

import pytest
from temporalio.service import RPCError

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
