"""Many agencies at one queue of batches: a large list gives way after each share.

The workflows and the engine are the real ones; what PostgreSQL answers is played, and an item takes as long
as it takes to look at it, for it is the order of the work that is judged here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from models.identifiers import batch_queue
from models.messages import AgencyMonthStart, Ask, Batch, BatchResult, Moment
from tests.replay.script import AUTHORITY, soon, told
from workflows.agency_month import AgencyMonthWorkflow
from workflows.registry import WORKFLOWS, runner

LARGE, SMALL = 900, 3


@dataclass
class Lists:
    """Lists that wait to be approved, and the batches over them, in the order in which they were done."""

    left: dict[UUID, int] = field(default_factory=dict)
    rounds: dict[UUID, UUID] = field(default_factory=dict)
    shares: list[tuple[UUID, int]] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name="act")
    async def act(self, ask: Ask) -> Moment:
        """A command chooses all of the list; after the round nothing is left, and it closes."""
        left = self.left[ask.subject_id]
        if ask.command_id is not None:
            self.rounds[ask.subject_id] = ask.command_id
        if ask.internal == "approvals_done":
            self.ended.append(ask.subject_id)
            del self.rounds[ask.subject_id]
        if ask.internal == "close_month":
            return told("closed", 4, rounds=0)
        chosen = self.rounds.get(ask.subject_id)
        status = 202 if ask.command_id is not None else 200
        return told("open", 2, left=left, status=status, round=chosen, rounds=int(chosen is not None))

    @activity.defn(name="approve_batch")
    async def approve_batch(self, batch: Batch) -> BatchResult:
        """As many as the workflow lets it take at once."""
        self.begun.set()
        await self.gate.wait()
        left = self.left[batch.agency_month_id]
        share = min(left, batch.most or left)
        for _ in range(share):
            await asyncio.sleep(0)
        self.left[batch.agency_month_id] = left - share
        self.shares.append((batch.agency_month_id, share))
        return BatchResult(done=share, more=share < left)


@pytest.fixture
async def client(temporal_server) -> Client:
    return await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)


@asynccontextmanager
async def one_slot(client: Client, lists: Lists) -> AsyncIterator[str]:
    """A worker of workflows, and one of batches that runs one at a time."""
    queue = f"fair-{uuid4().hex}"
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=[lists.act],
            workflow_runner=runner(),
            no_remote_activities=True,
        ),
        Worker(
            client,
            task_queue=batch_queue(queue),
            activities=[lists.approve_batch],
            max_concurrent_activities=1,
        ),
    ):
        yield queue


async def begun(client: Client, queue: str, lists: Lists, items: int) -> tuple[UUID, asyncio.Task[object]]:
    """A list of so many items whose approver has just chosen all; and its end."""
    month = uuid4()
    lists.left[month] = items
    start = AgencyMonthStart(
        authority_id=AUTHORITY,
        agency_id=uuid4(),
        agency_month_id=month,
        month="2025-03",
        closes_at=soon(3600),
    )
    handle = await client.start_workflow(AgencyMonthWorkflow.run, start, id=f"fair/{month}", task_queue=queue)
    assert (await handle.execute_update(AgencyMonthWorkflow.approve_list, uuid4())).status == 202
    return month, asyncio.create_task(handle.result())


async def test_a_small_agency_does_not_wait_for_a_large_one(client: Client) -> None:
    lists = Lists()
    async with one_slot(client, lists) as queue:
        large, end = await begun(client, queue, lists, LARGE)
        await asyncio.wait_for(lists.begun.wait(), 20)  # the large one has the only slot
        small, other = await begun(client, queue, lists, SMALL)
        lists.gate.set()
        await asyncio.wait_for(asyncio.gather(end, other), 60)
    assert lists.ended == [small, large], "it was asked for later, and is done first"
    assert [share for month, share in lists.shares if month == small] == [SMALL]
    assert sum(share for month, share in lists.shares if month == large) == LARGE
    assert lists.shares.index((small, SMALL)) <= 2, "after the share under way, and one that stood before it"
