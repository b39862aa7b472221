"""A whole month in virtual time: window, list, approval, signatures, packets, receipts, gate, close, next"
" month."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from temporalio.api.testservice.v1 import (
    LockTimeSkippingRequest,
    SleepRequest,
    UnlockTimeSkippingRequest,
)
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.batches.office import MonthOffice
from activities.national.office import NationalOffice
from api.commands import Engine, submit
from models.calendar import legal_date
from models.commands import ApproveList, ReleaseMonth
from models.database import Scope, engine_for
from models.identifiers import agency_month_workflow, batch_queue, month_end_workflow
from models.messages import MonthStart
from models.record.months import next_month, window_of
from models.regulations import in_force
from tests.activities.batches.conftest import items_of, month_of, submitted
from tests.world import World, build, tools_for
from workflows.month_end import MonthEndWorkflow
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner


async def clock(client: Client) -> datetime:
    """The one clock of the test server."""
    return (await client.test_service.get_current_time(Empty())).time.ToDatetime(UTC)


async def advance(client: Client, to: datetime) -> None:
    """Let the clock run on."""
    duration = Duration()
    duration.FromTimedelta(to - await clock(client))
    await client.test_service.unlock_time_skipping_with_sleep(SleepRequest(duration=duration))


async def until(what: Callable[[], Awaitable[bool]], seconds: float = 40) -> None:
    """Wait, in real time, for workers to have done something."""
    async with asyncio.timeout(seconds):
        while not await what():  # noqa: ASYNC110 — rows, not events, say it
            await asyncio.sleep(0.1)


@pytest.fixture
async def world(
    database: Any, tmp_path: Path, time_skipping_server: Any, request: Any
) -> AsyncIterator[World]:
    """An authority by the server's clock, which stands still unless a test lets it run; its gate as asked."""
    bare = await Client.connect(time_skipping_server.address)
    await bare.test_service.lock_time_skipping(LockTimeSkippingRequest())
    engine = engine_for(database.url("worker"), pool_size=10)
    now = await clock(bare)
    law = in_force("hanoi", now.date()).replace("hanoi.art14.2", position=getattr(request, "param", "after"))
    yield await build(tools_for(engine, tmp_path), now, law=law)
    await bare.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
    await engine.dispose()


@pytest.fixture
async def client(world: World, time_skipping_server: Any) -> Client:
    """A client of the server with the one virtual clock."""
    return await Client.connect(time_skipping_server.address, data_converter=data_converter(world.tools.ring))


@pytest.fixture
async def working(world: World, months: MonthOffice, settings: Any, client: Client) -> AsyncIterator[None]:
    """Workers for everything a month needs."""
    acts = ActOffice(world.tools)
    batches = [
        months.open_agency_months,
        months.approve_batch,
        months.submit_batch,
        months.await_receipts,
        NationalOffice(months.settings, months.tools, months.gateway).reconcile_national,
    ]
    queue = settings.task_queue
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=[acts.act, acts.month_window],
            workflow_runner=runner(),
            no_remote_activities=True,
        ),
        Worker(client, task_queue=queue, activities=[months.close_month_end]),
        Worker(client, task_queue=batch_queue(queue), activities=batches),
    ):
        yield


async def ask(client: Client, world: World, queue: str, who: str, body: Any, month: Any) -> Any:
    """One command through the engine."""
    now = await clock(client)
    return await submit(
        Engine(client, queue, world.tools),
        world.tools.engine,
        Scope(world.authority, everything=True, account=world.accounts[who]),
        command_id=uuid4(),
        body=body,
        received=body.model_dump(mode="json"),
        workflow_id=agency_month_workflow(month.agency_id, month.month),
        subject_id=month.id,
        expected_revision=None,
        now=now,
    )


async def test_a_month_from_window_to_window(
    client: Client, world: World, working: None, settings: Any, emulator: Any
) -> None:
    people = [await submitted(world, n) for n in range(1, 4)]
    month, window, month_end = await begun(client, world, settings.task_queue)
    await advance(client, window.opens_at - timedelta(hours=1))
    assert await world.rows("SELECT 1 FROM agency_months") == []
    await advance(client, window.opens_at + timedelta(minutes=5))
    await until(lambda: month_end_state(world, month, "opened"))
    culture = await month_of(world, world.culture, month)
    # The engine's instant, not the machine's.
    assert window.opens_at <= culture.opened_at <= window.opens_at + timedelta(minutes=10)
    assert set(await items_of(world, culture.id)) == set(people)
    approved = await ask(
        client,
        world,
        settings.task_queue,
        "culture.approver",
        ApproveList(profiles=(people[0], people[1])),
        culture,
    )
    assert approved.status == 202, approved.answer
    await passing(client, lambda: standing(world, culture.id, {"accepted": 2, "listed": 1}))
    await passing(client, lambda: month_state(world, culture.id, "gate"))
    released = await ask(client, world, settings.task_queue, "department", ReleaseMonth(), culture)
    assert released.status == 200, released.answer
    assert (await items_of(world, culture.id))[people[0]].state == "released"
    await advance(client, window.closes_at + timedelta(minutes=30))
    await passing(client, lambda: month_end_state(world, month, "closed"))
    await passing(client, lambda: month_end_state(world, window.next_month, "opened"))
    summary = (await world.one("SELECT summary FROM month_ends WHERE month = :m", m=month)).summary
    assert summary == {
        "agencies": 4,
        "with_items": 1,
        "open": 0,
        "items": {"listed": 1, "released": 2},
        "left": 1,
    }
    following = await month_of(world, world.culture, window.next_month)
    assert set(await items_of(world, following.id)) == {people[2]}
    assert await month_end.result() == 4
    await passing(client, lambda: compared(world))
    found = await world.rows(
        "SELECT kind, repair FROM national_differences WHERE profile_id = ANY (:people)", people=people
    )
    assert found == [], "what was sent is what they hold"


async def compared(world: World) -> bool:
    """Whether both sides were compared, by nobody's order."""
    rows = await world.rows("SELECT state, ordered_by FROM reconciliations")
    return [(row.state, row.ordered_by) for row in rows] == [("done", None)]


async def begun(client: Client, world: World, queue: str) -> tuple[str, Any, Any]:
    """A month whose window is still to come by the server's clock, and its workflow."""
    month = next_month(f"{legal_date(world.now):%Y-%m}")
    window = await window_of(world.tools, world.authority, month)
    start = MonthStart(authority_id=world.authority, month=month)
    handle = await client.start_workflow(
        MonthEndWorkflow.run, start, id=month_end_workflow(world.authority, month), task_queue=queue
    )
    return month, window, handle


async def passing(client: Client, what: Callable[[], Awaitable[bool]]) -> None:
    """Wait in both times: workers work, and what waits for the clock sees it move."""
    for _ in range(60):
        if await what():
            return
        await asyncio.sleep(0.2)
        await advance(client, await clock(client) + timedelta(seconds=30))
    raise AssertionError("it never came")


async def month_end_state(world: World, month: str, state: str) -> bool:
    rows = await world.rows("SELECT state FROM month_ends WHERE month = :m", m=month)
    return [row.state for row in rows] == [state]


async def month_state(world: World, month_id: UUID, state: str) -> bool:
    return (await world.one("SELECT state FROM agency_months WHERE id = :m", m=month_id)).state == state


async def standing(world: World, month_id: UUID, expected: dict[str, int]) -> bool:
    counts: dict[str, int] = {}
    for item in (await items_of(world, month_id)).values():
        counts[item.state] = counts.get(item.state, 0) + 1
    return counts == expected
