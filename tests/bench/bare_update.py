"""The bare cost of a command: an update whose local activity runs the same statements by psycopg alone.

``python -m tests.bench.bare_update FILE`` is its worker; FILE is what ``captured.keep`` wrote. It is our own
file of a moment ago, so reading it as a pickle is safe.
"""

import asyncio
import pickle
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import psycopg
    from psycopg.types.json import Jsonb


@workflow.defn
class Bare:
    """Lives until cancelled; each update runs the statements once."""

    @workflow.run
    async def run(self, _profile: str) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update
    async def do(self, command: str) -> int:
        return await workflow.execute_local_activity(
            "run_sql",
            args=[workflow.info().workflow_id, command],
            result_type=int,
            start_to_close_timeout=timedelta(seconds=20),
        )


class Sql:
    """The captured statements, made anew for each command, over kept connections."""

    def __init__(self, given: dict[str, Any], connections: asyncio.LifoQueue[Any]) -> None:
        self._given, self._connections = given, connections

    @activity.defn
    async def run_sql(self, profile: str, command: str) -> int:
        """One transaction with all statements of one act."""
        connection = await self._connections.get()
        try:
            for query, parameters in self._given["statements"]:
                cursor = connection.cursor()
                if isinstance(parameters, list):
                    await cursor.executemany(query, [self._new(p, profile, command) for p in parameters])
                else:
                    await cursor.execute(query, self._new(parameters, profile, command))
                if cursor.description:
                    await cursor.fetchall()
            await connection.commit()
        finally:
            self._connections.put_nowait(connection)
        return 1

    def _new(self, parameters: Any, profile: str, command: str) -> Any:
        stream = {"stream_id": UUID(command)} if parameters and "stream_id" in parameters else {}
        return parameters and {
            **{k: self._other(v, profile, command) for k, v in parameters.items()},
            **stream,
        }

    def _other(self, value: Any, profile: str, command: str) -> Any:
        if isinstance(value, UUID):
            if value == self._given["profile"]:
                return UUID(profile)
            if value == self._given["command"]:
                return UUID(command)
            return value if value in self._given["kept"] else uuid5(UUID(command), value.hex)
        return Jsonb(value.obj) if isinstance(value, Jsonb) else value


async def opened(given: dict[str, Any]) -> asyncio.LifoQueue[Any]:
    """The connections that are kept."""
    connections: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
    for _ in range(given["pool"]):
        connections.put_nowait(await psycopg.AsyncConnection.connect(given["database"]))
    return connections


async def main(given: dict[str, Any]) -> None:
    """Serve until told to stop."""
    client = await Client.connect(given["address"])
    connections = await opened(given)
    async with Worker(
        client,
        task_queue=given["queue"],
        workflows=[Bare],
        activities=[Sql(given, connections).run_sql],
        no_remote_activities=True,
        max_concurrent_workflow_tasks=given["workflow_tasks"],
        max_cached_workflows=given["workflow_cache"],
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(pickle.loads(Path(sys.argv[1]).read_bytes())))
