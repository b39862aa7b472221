"""A worker from its first poll to its end: it says when it is ready, and gives back what it held."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

import worker
from models.settings import Settings


async def pollers(client: Client, queue: str, kind: int) -> set[str]:
    """Who asks the engine for this work."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
    )
    return {one.identity for one in (await client.workflow_service.describe_task_queue(request)).pollers}


async def test_a_worker_says_when_it_polls_and_closes_what_it_opened(
    settings: Settings, temporal_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "worker.ready"
    settings = settings.model_copy(
        update={
            "temporal_address": temporal_server.address,
            "ready_file": ready,
            "key_ring": tmp_path / "keyring.json",
            "master_key_file": tmp_path / "master.key",
        }
    )
    made: list[worker.Offices] = []
    genuine = worker.offices

    def watched(*arguments: Any) -> worker.Offices:
        made.append(genuine(*arguments))
        return made[0]

    monkeypatch.setattr(worker, "offices", watched)
    bare = await Client.connect(temporal_server.address)
    kinds = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
    assert [await pollers(bare, settings.task_queue, kind) for kind in kinds] == [set(), set()]
    serving = asyncio.create_task(worker.serve("all", settings))
    async with asyncio.timeout(30):
        while not ready.exists():
            assert not serving.done(), serving
            await asyncio.sleep(0.05)
    for kind in kinds:
        assert await pollers(bare, settings.task_queue, kind), "it is ready once it polls, not before"
    gateway = made[0].national.gateway
    assert gateway is not None
    assert not gateway._http.is_closed
    os.kill(os.getpid(), signal.SIGTERM)  # its handler stands: the file is written after it
    await asyncio.wait_for(serving, 30)
    assert gateway._http.is_closed
    assert not ready.exists()


async def test_while_nobody_polls_a_worker_is_not_ready(settings: Settings, client: Client) -> None:
    """What the engine does not know of, no file says; being told to stop ends the waiting."""
    stop = asyncio.Event()
    waiting = asyncio.create_task(worker.polling(client, settings.task_queue, "all", stop))
    done, _ = await asyncio.wait([waiting], timeout=0.5)
    assert not done
    stop.set()
    await asyncio.wait_for(waiting, 5)


def test_batches_step_back_as_the_session_they_lead() -> None:
    """Linux may share the processor between sessions first: a mere nice would then give nobody way."""
    asked = "import os, worker; worker.step_back(7); print(os.nice(0), open('/proc/self/autogroup').read())"
    shared = Path("/proc/sys/kernel/sched_autogroup_enabled")
    if not shared.exists() or shared.read_text(encoding="ascii").strip() != "1":
        asked = asked.replace("open('/proc/self/autogroup').read()", "'nice 7'")
    told = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, start_new_session=True, check=True
    )
    assert told.stdout.split()[0] == "7"
    assert told.stdout.split()[-2:] == ["nice", "7"]
