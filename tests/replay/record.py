"""``python -m tests.replay.record [PATH …]``: record histories on a real development server.

Run it when a workflow is given a new path (add it to ``paths.py``), and at a release. Never to make a failing
replay pass: a history that no longer replays is a profile somewhere that would hang. Then use
``workflow.patched`` and keep the old history beside the new one.

Recorded with the pydantic converter and without the codec: what travels is ids, versions and words made for
the purpose (``script.py``), so there is nothing to seal, a difference can be read, and no key lies about.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Worker

from api.cli import children
from api.cli.embedded import EmbeddedTemporal
from models.identifiers import batch_queue
from tests.replay.paths import PATHS, Player
from workflows.registry import WORKFLOWS, runner

HISTORIES = Path(__file__).parent / "histories"
LOCAL = {"act", "month_window"}


async def record(client: Client, name: str) -> list[str]:
    """Play one path; answers the histories of its runs, oldest first."""
    path = PATHS[name]()
    queue, workflow_id = f"record-{uuid4().hex}", f"recorded/{name}"
    local = [one for one in path.script.activities if one.__name__ in LOCAL]
    remote = [one for one in path.script.activities if one.__name__ not in LOCAL]
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=local,
            workflow_runner=runner(),
            no_remote_activities=True,
            identity="recorder",
        ),
        Worker(client, task_queue=queue, activities=remote, identity="recorder"),
        Worker(client, task_queue=batch_queue(queue), activities=remote, identity="recorder"),
    ):
        started = []
        if before := path.ids.get("before"):
            started.append(
                await client.start_workflow(path.workflow, path.start, id=before, task_queue=queue)
            )
        handle = await client.start_workflow(path.workflow, path.start, id=workflow_id, task_queue=queue)
        started.append(handle)
        # The handle of an id follows the life across its runs; the started one names the first.
        player = Player(client.get_workflow_handle(workflow_id), path.script)
        async with asyncio.timeout(30):
            if "look" in path.script.acts:
                await player.asked("look")
            await path.play(player)
        histories = await _runs(client, workflow_id, handle.first_execution_run_id)
        assert not any("WORKFLOW_TASK_FAILED" in one for one in histories), name
        await _end(client)
    return histories


async def _runs(client: Client, workflow_id: str, run_id: str | None) -> list[str]:
    found: list[str] = []
    while run_id:
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        told = history.to_json()
        if "EVENT_TYPE_WORKFLOW_TASK_COMPLETED" in told:  # a run that has done nothing yet tells nothing
            found.append(told)
        last = history.events[-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id or None
    return found


async def _end(client: Client) -> None:
    """End what is still running, children too, so that paths do not meet."""
    await asyncio.sleep(0.3)
    async for one in client.list_workflows("ExecutionStatus = 'Running'"):
        if one.status is WorkflowExecutionStatus.RUNNING:
            with contextlib.suppress(RPCError):  # it may end by itself meanwhile
                await client.get_workflow_handle(one.id).terminate(reason="recorded")


def save(name: str, histories: list[str]) -> None:
    """Write the runs of one path, readable."""
    for number, history in enumerate(histories, start=1):
        suffix = f".{number}" if len(histories) > 1 else ""
        file = HISTORIES / f"{name}{suffix}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        told = _without_places(json.loads(history))
        file.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _without_places(value: Any) -> Any:
    """Without stack traces: they name folders of the machine and mean nothing to a replay."""
    if isinstance(value, dict):
        return {k: _without_places(v) for k, v in value.items() if k != "stackTrace"}
    return [_without_places(one) for one in value] if isinstance(value, list) else value


async def main(names: list[str]) -> None:
    """Record the named paths, or all."""
    server = EmbeddedTemporal(children.free_port())
    with tempfile.TemporaryDirectory() as folder:
        child = children.start(server.program(), Path(folder) / "temporal.log")
        try:
            client = await Client.connect(
                server.address, data_converter=pydantic_data_converter, identity="recorder"
            )
            for name in names or PATHS:
                histories = await record(client, name)
                save(name, histories)
                print(f"{name}: {len(histories)} run(s)")
        finally:
            child.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
