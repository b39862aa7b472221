"""Bare sleepers: one activity and one timer. ``python -m tests.bench.bare_sleeper ADDRESS`` is the worker."""

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "sleepers"


@workflow.defn
class Sleeper:
    """One activity, then sleep."""

    @workflow.run
    async def run(self, days: float) -> None:
        until = await workflow.execute_activity(note, days, start_to_close_timeout=timedelta(seconds=20))
        await workflow.sleep(timedelta(days=until))


@activity.defn
async def note(days: float) -> float:
    """Something done once."""
    return days


async def main(address: str) -> None:
    """Serve until told to stop."""
    client = await Client.connect(address)
    async with Worker(client, task_queue=QUEUE, workflows=[Sleeper], activities=[note]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
