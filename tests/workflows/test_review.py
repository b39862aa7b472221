"""A quarter's review in virtual time: asleep, opened, measured, signed through the engine, chased, closed."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.reviews.office import ReviewOffice
from activities.signing.signer import DevelopmentSigners
from api.commands import Engine, submit
from api.reconcile import Reconciler
from models.calendar import legal_date, start_of_day
from models.commands import SignReport
from models.database import Scope, engine_for, transaction
from models.identifiers import review_workflow
from models.lifecycle.review_dates import next_period, periods_of
from models.messages import ReviewMoment, ReviewStart
from models.record.reviews import planned
from tests.activities.batches.test_whole_month import advance, clock, passing
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner
from workflows.review import ReviewWorkflow


@pytest.fixture
async def world(database: Any, tmp_path: Path, time_skipping_server: Any) -> AsyncIterator[World]:
    """An authority by the server's clock, which stands still unless a test lets it run."""
    bare = await Client.connect(time_skipping_server.address)
    await bare.test_service.lock_time_skipping(LockTimeSkippingRequest())
    engine = engine_for(database.url("worker"), pool_size=10)
    yield await build(tools_for(engine, tmp_path), await clock(bare))
    await bare.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
    await engine.dispose()


@pytest.fixture
async def client(world: World, time_skipping_server: Any) -> Client:
    return await Client.connect(time_skipping_server.address, data_converter=data_converter(world.tools.ring))


@pytest.fixture
async def queue(world: World, client: Client, tmp_path: Path, pki: Path) -> AsyncIterator[str]:
    """A task queue with workers that know reviews."""
    store, signers = (
        store_in(tmp_path / "documents", world.tools),
        DevelopmentSigners(pki),
    )
    office = ReviewOffice(world.tools, store, signers, ThreadPoolExecutor(2), quiet(pki))
    acts, name = ActOffice(world.tools), f"test-{uuid4().hex}"
    async with (
        Worker(
            client,
            task_queue=name,
            workflows=WORKFLOWS,
            activities=[acts.act, acts.month_window],
            workflow_runner=runner(),
            no_remote_activities=True,
        ),
        Worker(
            client,
            task_queue=name,
            activities=[office.plan_review, office.work_review, office.sign_report],
        ),
    ):
        yield name


async def _sign(client: Client, world: World, queue: str, who: str, period: str, **which: Any) -> Any:
    row = await world.one(
        "SELECT t.id FROM review_reports t JOIN reviews w ON w.id = t.review_id"
        " WHERE w.period = :period AND t.agency_id = :agency AND t.whole = :whole",
        period=period,
        **{"whole": False, **which},
    )
    return await submit(
        Engine(client, queue, world.tools),
        world.tools.engine,
        Scope(world.authority, everything=True, account=world.accounts[who]),
        command_id=uuid4(),
        body=SignReport(),
        received={},
        workflow_id=review_workflow(world.authority, period),
        subject_id=row.id,
        expected_revision=None,
        now=await clock(client),
    )


async def _state(world: World, period: str) -> str | None:
    rows = await world.rows("SELECT state FROM reviews WHERE period = :p", p=period)
    return rows[0].state if rows else None


async def test_a_quarter_from_opening_to_the_next_opening(client: Client, world: World, queue: str) -> None:
    await world.employ()
    # A quarter whose campaign is still to come by the server's clock.
    period = next_period(periods_of(legal_date(world.now))[0])
    dates = await _dates(world, period)
    review = await client.start_workflow(
        ReviewWorkflow.run,
        ReviewStart(authority_id=world.authority, period=period),
        id=review_workflow(world.authority, period),
        task_queue=queue,
    )
    opens_at = start_of_day(dates.opens_on)
    await advance(client, opens_at - timedelta(hours=1))
    assert await _state(world, period) is None
    await advance(client, opens_at + timedelta(minutes=5))
    await passing(client, lambda: _is(world, period, "open"))
    await passing(client, lambda: _measured(world, period))
    row = await world.one("SELECT * FROM reviews")
    assert opens_at <= row.opened_at <= opens_at + timedelta(minutes=10)
    answered = await _sign(client, world, queue, "culture.head", period, agency=world.culture)
    assert answered.status == 200, answered.answer
    assert len(answered.answer["document"]) == 64
    assert answered.answer["late_days"] == 0
    refused = await _sign(client, world, queue, "culture.head", period, agency=world.culture)
    assert (refused.status, refused.answer["code"]) == (409, "wrong-state")
    # The next period's workflow sleeps already, so the chain never breaks.
    following = client.get_workflow_handle(review_workflow(world.authority, next_period(period)))
    assert (await following.describe()).status is not None
    moment = await review.query("where", result_type=ReviewMoment)
    assert moment.state == "open"
    await advance(client, dates.due_at + timedelta(days=1))
    late = await _sign(client, world, queue, "department", period, agency=world.department, whole=True)
    assert late.status == 200, late.answer
    await advance(client, start_of_day(dates.closes_on) + timedelta(minutes=30))
    await passing(client, lambda: _is(world, period, "closed"))
    assert (await review.result()).startswith("đã kết thúc")
    await passing(client, lambda: _is(world, next_period(period), "open"))


async def test_reconcile_starts_what_an_empty_engine_has_forgotten(client: Client, world: World) -> None:
    """No worker listens: whatever the clock says, a review does not open while it is looked at."""
    now, queue = await clock(client), f"nobody-{world.authority}"

    class Standing:
        async def now(self) -> Any:
            return now

    found = await Reconciler(client, queue, world.tools.engine, Standing()).run()
    for period in periods_of(legal_date(now)):
        workflow_id = review_workflow(world.authority, period)
        assert workflow_id in found.started
        assert (await client.get_workflow_handle(workflow_id).describe()).status is not None
    again = await Reconciler(client, queue, world.tools.engine, Standing()).run()
    assert not [one for one in again.started if one.startswith("review/")]
    quarter = periods_of(legal_date(now))[0]
    await _open_with_a_missed_wake(world, quarter, now)
    late = await Reconciler(client, queue, world.tools.engine, Standing()).run()
    assert late.woken == [review_workflow(world.authority, quarter)]


async def _open_with_a_missed_wake(world: World, period: str, now: datetime) -> None:
    """A report whose wake has passed."""
    ids = {"a": world.authority, "review": uuid4(), "report": uuid4(), "g": world.culture}
    await world.rows(
        "INSERT INTO reviews VALUES (:review, :a, :period, 'report_quarter', 'r', 'Điều', 'h', 'open',"
        " :day, :day, :day, :end, :end, false, :now, :now, NULL, '{}')"
        " RETURNING id",
        **ids,
        period=period,
        day=legal_date(now) + timedelta(days=20),
        end=now + timedelta(days=40),
        now=now,
    )
    await world.rows(
        "INSERT INTO review_reports (id, authority_id, review_id, agency_id, whole, state, version, figures,"
        " late_days, next_wake_at) VALUES (:report, :a, :review, :g, false, 'open', 1, '{}', 0, :wake)"
        " RETURNING id",
        **ids,
        wake=now - timedelta(hours=1),
    )


async def _dates(world: World, period: str) -> Any:
    async with transaction(world.tools.engine, world.scope) as connection:
        plan = await planned(connection, world.tools, world.authority, period, legal_date(world.now))
    assert plan.dates is not None
    return plan.dates


async def _is(world: World, period: str, state: str) -> bool:
    return await _state(world, period) == state


async def _measured(world: World, period: str) -> bool:
    row = await world.one("SELECT measured_at FROM reviews WHERE period = :p", p=period)
    return row.measured_at is not None
