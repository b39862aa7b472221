"""Heartbeats beside the work, so that the engine soon sees a worker that died: no step need think of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from temporalio import activity

EVERY = 5.0
"""Seconds; the engine waits half a minute and more."""


@asynccontextmanager
async def beating(beat: Callable[[], None]) -> AsyncIterator[None]:
    """Beat as long as the block runs; what ``beat`` says is what the engine then knows of it."""

    async def go() -> None:
        while True:
            beat()
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(go())
    try:
        yield
    finally:
        task.cancel()


def step(name: str) -> Callable[[], None]:
    """A beat that names the long step of CPU work that runs beside the event loop."""
    return lambda: activity.heartbeat(name)
