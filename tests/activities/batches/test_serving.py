"""A worker from its first poll to its end: it says when it is ready, and gives back what it held."""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

import worker
from activities.batches.office import MonthOffice
from api.commands import Engine, submit
from models.calendar import legal_date
from models.commands import ApproveList, GiveNotice
from models.database import Scope
from models.identifiers import agency_month_workflow, profile_workflow
from models.messages import Batch, BatchResult, MonthStart
from models.record.commands import Fate
from models.settings import Settings
from tests.activities.batches.conftest import month_of, submitted
from tests.activities.batches.test_sending import approved
from tests.world import World


async def pollers(client: Client, queue: str, kind: int) -> set[str]:
    """Who asks the engine for this work."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
    )
    return {one.identity for one in (await client.workflow_service.describe_task_queue(request)).pollers}


@pytest.fixture
def served(settings: Settings, temporal_server: Any, tmp_path: Path) -> Settings:
    """Settings of a worker on the shared servers; of batches it runs one at a time."""
    return settings.model_copy(
        update={
            "temporal_address": temporal_server.address,
            "ready_file": tmp_path / "worker.ready",
            "key_ring": tmp_path / "keyring.json",
            "master_key_file": tmp_path / "master.key",
            "batch_tasks": 1,
        }
    )


async def begun(settings: Settings) -> asyncio.Task[None]:
    """A worker of everything that says it is ready."""
    serving = asyncio.create_task(worker.serve("all", settings))
    assert settings.ready_file is not None
    async with asyncio.timeout(30):
        while not settings.ready_file.exists():
            assert not serving.done(), serving
            await asyncio.sleep(0.05)
    return serving


async def ended(serving: asyncio.Task[None]) -> None:
    os.kill(os.getpid(), signal.SIGTERM)  # its handler stands: the file is written after it
    await asyncio.wait_for(serving, 30)


async def test_a_worker_says_when_it_polls_and_closes_what_it_opened(
    served: Settings, temporal_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, ready = served, tmp_path / "worker.ready"
    made: list[worker.Offices] = []
    genuine = worker.offices

    def watched(*arguments: Any) -> worker.Offices:
        made.append(genuine(*arguments))
        return made[0]

    monkeypatch.setattr(worker, "offices", watched)
    bare = await Client.connect(temporal_server.address)
    kinds = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
    assert [await pollers(bare, settings.task_queue, kind) for kind in kinds] == [set(), set()]
    serving = await begun(settings)
    for kind in kinds:
        assert await pollers(bare, settings.task_queue, kind), "it is ready once it polls, not before"
    gateway = made[0].national.gateway
    assert gateway is not None
    assert not gateway._http.is_closed
    await ended(serving)
    assert gateway._http.is_closed
    assert not ready.exists()


async def test_a_command_is_answered_while_a_batch_has_the_only_slot(
    served: Settings, world: World, client: Client, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker as it is put together for one process: commands do not stand behind the month's batches."""
    genuine, under_way, over = worker.offices, asyncio.Event(), asyncio.Event()
    months: list[MonthOffice] = []

    class Slow(MonthOffice):
        @activity.defn(name="approve_batch")
        async def approve_batch(self, batch: Batch) -> BatchResult:
            under_way.set()
            await over.wait()
            return await MonthOffice.approve_batch(self, batch)

    def slow(*arguments: Any) -> worker.Offices:
        made = genuine(*arguments)
        real = made.months
        months.append(Slow(real.settings, real.tools, real.signing, real.gateway))
        return dataclasses.replace(made, months=months[0])

    monkeypatch.setattr(worker, "offices", slow)
    world.now = datetime.now(UTC)
    working, _ = await submitted(world, 1), await submitted(world, 2)
    await approved(world, working)

    async def asked(who: str, body: Any, workflow_id: str, subject_id: UUID) -> Fate:
        return await submit(
            Engine(client, served.task_queue, world.tools),
            world.tools.engine,
            Scope(world.authority, everything=True, account=world.accounts[who]),
            command_id=uuid4(),
            body=body,
            received=body.model_dump(mode="json"),
            workflow_id=workflow_id,
            subject_id=subject_id,
            expected_revision=None,
            now=world.now,
        )

    serving = await begun(served)
    try:
        start = MonthStart(authority_id=world.authority, month=f"{legal_date(world.now):%Y-%m}")
        await run(months[0].open_agency_months, start, at=world.now)
        month = await month_of(world, world.culture, start.month)
        list_id = agency_month_workflow(world.culture, start.month)
        chosen = await asked("culture.approver", ApproveList(), list_id, month.id)
        assert chosen.status == 202, chosen.answer
        await asyncio.wait_for(under_way.wait(), 20)
        notice = GiveNotice(kind="salary", changed_on=legal_date(world.now), document="1/QĐ")
        given = asked("culture.hr", notice, profile_workflow(working), working)
        answered = await asyncio.wait_for(given, 10)
        assert (answered.status, over.is_set()) == (201, False), answered.answer
    finally:
        over.set()
        await ended(serving)


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
    assert told.stdout.split()[0] == str(min(os.nice(0) + 7, 19)), "from where the tests themselves stand"
    assert told.stdout.split()[-2:] == ["nice", "7"]
