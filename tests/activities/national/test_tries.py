"""Failures in a row, as the engine carries them from attempt to attempt: not its own count of attempts."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import Worker

from activities.national.trouble import Tries, again


async def test_a_real_engine_carries_the_count_and_progress_ends_it(temporal_server: Any) -> None:
    """Fails in vain three times, gets something through in the fourth, dies without a word in the fifth."""
    seen: list[int] = []

    @activity.defn
    async def work() -> None:
        attempt, tries = activity.info().attempt, Tries.begun()
        seen.append(tries.fruitless)
        if attempt == 4:
            tries.through("packet")
        if attempt == 5:
            raise RuntimeError("the database restarts")
        if attempt < 7:
            tries.failed()
            raise again("away", timedelta(milliseconds=1))

    client = await Client.connect(temporal_server.address)
    queue = f"tries-{uuid4().hex}"
    async with Worker(client, task_queue=queue, activities=[work]):
        await client.execute_activity(
            work,
            id=queue,
            task_queue=queue,
            start_to_close_timeout=timedelta(seconds=30),
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=1), backoff_coefficient=1),
        )
    assert seen == [0, 1, 2, 3, 1, 1, 2]
