"""The bare cost of a night: a timer, then a local activity with the statements of one wake, by psycopg alone.

``python -m tests.bench.bare_night FILE`` is its worker; FILE is what ``captured.keep`` wrote a moment ago.
"""

import asyncio
import pickle
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from tests.bench.bare_update import Sql, opened


@workflow.defn
class Night:
    """Sleeps until it is due and runs the statements once."""

    @workflow.run
    async def run(self, profile: str, due: float) -> int:
        await workflow.sleep(due - workflow.now().timestamp())
        return await workflow.execute_local_activity(
            "run_sql",
            args=[profile, profile],
            result_type=int,
            start_to_close_timeout=timedelta(seconds=20),
        )


async def main(given: dict[str, Any]) -> None:
    """Serve until told to stop."""
    client = await Client.connect(given["address"])
    connections = await opened(given)
    async with Worker(
        client,
        task_queue=given["queue"],
        workflows=[Night],
        activities=[Sql(given, connections).run_sql],
        no_remote_activities=True,
        max_concurrent_workflow_tasks=given["workflow_tasks"],
        max_cached_workflows=given["workflow_cache"],
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(pickle.loads(Path(sys.argv[1]).read_bytes())))
