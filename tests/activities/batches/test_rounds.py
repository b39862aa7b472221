"""Rounds accepted from a list and not yet run stand in rows, and outlive the engine that heard of them."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.batches.office import MonthOffice
from activities.signing.office import SigningOffice
from api.reconcile import Reconciler
from models import migrations
from models.database import Scope, engine_for, transaction
from models.identifiers import agency_month_workflow, batch_queue
from models.messages import Ask, Batch, BatchResult, Moment, MonthStart, Signed, SignRequest
from models.record.act import act
from models.settings import DatabaseRole
from tests.activities.batches.conftest import OPENING, chosen, items_of, month_of, submitted
from tests.world import World
from workflows.agency_month import AgencyMonthWorkflow
from workflows.registry import runner

FILE = Path(migrations.__file__).parent / "versions" / "0004_approval_rounds.sql"


class Still:
    """A clock that stands."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    async def now(self) -> datetime:
        return self._at


@pytest.fixture
async def listed(world: World, months: MonthOffice, run: Any, settings: Any) -> tuple[Any, list[UUID]]:
    """Culture's open list with three people; its workflow is known to PostgreSQL only."""
    people = sorted([await submitted(world, n) for n in range(1, 4)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text("UPDATE authorities SET installed_on = :d"), {"d": OPENING.date()})
    return await month_of(world, world.culture), people


class Halting:
    """The real office, which signs one and is then held up."""

    def __init__(self, office: SigningOffice) -> None:
        self.office, self.signed, self.halted = office, 0, asyncio.Event()

    async def sign(self, request: SignRequest) -> Signed:
        self.signed += 1
        if self.signed > 1:
            self.halted.set()
            await asyncio.Event().wait()
        return await self.office.sign(request)


async def look(world: World, month_id: UUID) -> Moment:
    ask = Ask(
        authority_id=world.authority,
        subject="agency_month",
        subject_id=month_id,
        internal="look",
        now=world.now,
    )
    return await act(world.tools, ask)


async def rounds(world: World) -> list[Any]:
    return await world.rows("SELECT * FROM approval_rounds ORDER BY number")


async def until(what: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await what():  # noqa: ASYNC110 — rows, not events, say it
            await asyncio.sleep(0.1)


@asynccontextmanager
async def working(client: Client, world: World, months: MonthOffice, *batches: Any) -> AsyncIterator[None]:
    """Workers for one agency's list."""
    queue = months.settings.task_queue
    local = [ActOffice(world.tools).act]
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=[AgencyMonthWorkflow],
            activities=local,
            workflow_runner=runner(),
            no_remote_activities=True,
        ),
        Worker(
            client,
            task_queue=batch_queue(queue),
            activities=list(batches),
            graceful_shutdown_timeout=timedelta(0),
        ),
    ):
        yield


async def lose_the_engine(client: Client, month: Any) -> None:
    """What the engine knew of the list is gone."""
    handle = client.get_workflow_handle(agency_month_workflow(month.agency_id, month.month))
    await handle.terminate("lost")


async def rebuild(client: Client, world: World, months: MonthOffice) -> list[str]:
    reconciler = Reconciler(client, months.settings.task_queue, world.tools.engine, Still(world.now))
    return (await reconciler.run()).started


async def test_a_list_names_its_oldest_round_until_it_is_done(world: World, listed: Any) -> None:
    month, people = listed
    assert (await look(world, month.id)).rounds == 0
    first = await chosen(world, month.id, people[0])
    second = await chosen(world, month.id, people[1], people[2])
    moment = await look(world, month.id)
    assert (moment.round, moment.rounds) == (first, 2)
    for done, left in ((first, second), (second, None)):
        await world.step("approvals_done", month.id, subject="agency_month", round=str(done))
        assert (await look(world, month.id)).round == left
    assert [row.done_at for row in await rounds(world)] == [world.now] * 2
    again = await world.step("approvals_done", month.id, subject="agency_month", round=str(first))
    assert again.rounds == 0


async def test_accepted_rounds_outlive_the_engine(
    world: World, listed: Any, months: MonthOffice, client: Client
) -> None:
    """Two lists of choices are accepted, the engine is lost before either is run: both are run, in order."""
    month, people = listed
    first = await chosen(world, month.id, people[1])
    second = await chosen(world, month.id)
    await lose_the_engine(client, month)
    workflow_id = agency_month_workflow(month.agency_id, month.month)
    assert workflow_id in await rebuild(client, world, months)
    order: list[UUID] = []

    async def approve(batch: Batch) -> BatchResult:
        order.append(batch.command_id)
        return await months.approve_batch(batch)

    async with working(client, world, months, _named(approve), months.submit_batch, months.await_receipts):

        async def run() -> bool:
            return all(row.done_at is not None for row in await rounds(world))

        await until(run)
    assert order == [first, second]
    approvals = await world.rows("SELECT profile_id FROM approvals WHERE state = 'signed'")
    assert sorted(row.profile_id for row in approvals) == people, "each is signed once"
    assert "listed" not in {item.state for item in (await items_of(world, month.id)).values()}


async def test_a_round_cut_off_in_the_middle_goes_on_in_another_engine(
    world: World, listed: Any, months: MonthOffice, client: Client
) -> None:
    """The engine is lost while the round is being signed: what is signed stays, the rest is signed after."""
    month, people = listed
    await chosen(world, month.id)
    halting = Halting(months.signing)
    cut = dataclasses.replace(months, signing=halting)
    async with working(client, world, months, cut.approve_batch):
        await asyncio.wait_for(halting.halted.wait(), 60)
        await lose_the_engine(client, month)
    assert [row.done_at for row in await rounds(world)] == [None]
    await rebuild(client, world, months)
    async with working(
        client, world, months, months.approve_batch, months.submit_batch, months.await_receipts
    ):

        async def run() -> bool:
            return all(row.done_at is not None for row in await rounds(world))

        await until(run)
    approvals = await world.rows("SELECT profile_id FROM approvals WHERE state = 'signed'")
    assert sorted(row.profile_id for row in approvals) == people


async def test_rounds_accepted_before_they_were_rows_are_found_by_the_migration(
    database: Any, world: World, listed: Any
) -> None:
    month, people = listed
    done = await chosen(world, month.id, people[0])
    waiting = await chosen(world, month.id, people[1])
    answered = "UPDATE month_items SET reason = 'signing-unavailable' WHERE profile_id = :p"
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text(answered), {"p": people[0]})
    await world.tools.engine.dispose()
    with psycopg.connect(database.libpq_url(DatabaseRole.MIGRATION)) as connection:
        connection.execute("DROP TABLE approval_rounds")
        connection.execute(FILE.read_text(encoding="utf-8"))  # type: ignore[call-overload] # a file, not a literal
    found = {row.command_id: row for row in await rounds(world)}
    assert done not in found
    assert found[waiting].chosen == 1
    assert (await look(world, month.id)).round == waiting
    third = await chosen(world, month.id, people[2])
    assert (await look(world, month.id)).rounds == 2
    assert third in {row.command_id for row in await rounds(world)}


@pytest.mark.parametrize("role", ["api", "report"])
async def test_rounds_are_seen_where_their_list_is(
    database: Any, world: World, listed: Any, role: str
) -> None:
    month, people = listed
    await chosen(world, month.id, people[0])
    engine = engine_for(database.url(role), pool_size=1)
    try:
        for agency, expected in ((world.culture, 1), (world.health, 0)):
            async with transaction(engine, Scope(world.authority, agencies=(agency,))) as connection:
                assert await connection.scalar(text("SELECT count(*) FROM approval_rounds")) == expected
    finally:
        await engine.dispose()


def _named(function: Any) -> Any:
    return activity.defn(name="approve_batch")(function)
