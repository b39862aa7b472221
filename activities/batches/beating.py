"""Heartbeats while one long step of CPU work runs beside the event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

EVERY = 10.0
"""Seconds; the engine waits two minutes."""


@asynccontextmanager
async def beating(step: str) -> AsyncIterator[None]:
    """Beat as long as the block runs; the step is what the engine then knows of it."""

    async def beat() -> None:
        while True:
            activity.heartbeat(step)
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
