"""After an engine was built anew from rows, every timer in it is the wake that brute force finds."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.notifications.office import DigestOffice
from activities.reviews.office import ReviewOffice
from activities.signing.signer import DevelopmentSigners
from api.reconcile import HORIZON, Reconciler
from models.calendar import Calendar, CalendarYear, legal_date
from models.command_registers import AddToBreach, RecordBreach
from models.commands import Delegate, GiveNotice
from models.database import transaction
from models.identifiers import (
    WorkflowKind,
    WorkflowName,
    agency_month_workflow,
    delegation_workflow,
    digest_workflow,
    profile_workflow,
    review_workflow,
    transfer_workflow,
)
from models.lifecycle.review_dates import next_period, periods_of
from models.messages import ReviewMoment, ReviewStart
from models.record.loads import Load, load_calendar
from models.record.reviews import open_review, planned
from models.regulations.policy import load_policy
from tests.models.record import plans
from tests.notaries import quiet
from tests.stores import store_in
from tests.wakes import LADDER, VIETNAM, expected, morning, night, recorded, reviews, stepped
from tests.world import World
from workflows.review import ReviewWorkflow


@pytest.fixture
def others(world: World, app: Any, pki: Path) -> list[Callable[..., Any]]:
    """The worker also looks after reviews and sends the morning's messages, into a folder."""
    store = store_in(app.state.settings.documents, world.tools)
    reviews = ReviewOffice(world.tools, store, DevelopmentSigners(pki), ThreadPoolExecutor(1), quiet(pki))
    digests = DigestOffice(app.state.settings, world.tools)
    return [reviews.plan_review, reviews.work_review, digests.send_digests]


SLACK = timedelta(seconds=30)
"""A timer is begun a moment after it was reckoned."""
WORKFLOWS = {"profiles": profile_workflow, "cases": transfer_workflow}


async def timer(client: Client, workflow_id: str) -> datetime | None:
    """When the one timer fires that the newest run waits for."""
    open_timers: dict[str, datetime] = {}
    try:
        async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
            if event.HasField("timer_started_event_attributes"):
                started = event.timer_started_event_attributes
                lasts = started.start_to_fire_timeout.ToTimedelta()
                open_timers[started.timer_id] = event.event_time.ToDatetime(tzinfo=UTC) + lasts
            for ended in ("timer_fired_event_attributes", "timer_canceled_event_attributes"):
                if event.HasField(ended):
                    open_timers.pop(getattr(event, ended).timer_id, None)
    except RPCError:
        return None
    return min(open_timers.values(), default=None)


async def settled(client: Client, workflow_id: str) -> datetime:
    for _ in range(100):
        if (found := await timer(client, workflow_id)) is not None:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError(f"{workflow_id} waits for nothing")


async def people(world: World) -> tuple[UUID, UUID]:
    """Somebody at every stage, a transfer under way, a delegation; answers the last and its last day's id."""
    today = legal_date(world.now)
    await world.employ(until="account")
    await world.employ(until="declaration")
    await world.employ(until="review")
    for kind in ("salary", "other"):
        profile = await world.employ()
        notice = GiveNotice(kind=kind, changed_on=today - timedelta(days=len(kind)), document="1/QĐ")
        assert (await world.ask("culture.hr", notice, profile)).status == 201
    transfer = await world.transfer(await world.employ(), until="requested")
    lent = uuid4()
    body = Delegate(
        delegate_id=world.accounts["culture.hr_head"],
        what="approval",
        agency_id=world.culture,
        valid_from=today,
        valid_to=today + timedelta(days=40),
        document="8/UQ",
    )
    given = await world.ask("culture.head", body, lent, subject="delegation")
    assert given.status == 201, given.answer
    return transfer, lent


async def happenings(world: World) -> tuple[UUID, UUID]:
    """A breach that was known of just now, and a plan approved for ten days ahead."""
    breach = uuid4()
    body = RecordBreach(
        agency_id=world.culture, kind="loss", known_at=world.now, story="Mất một thẻ nhớ.", people=0,
        data=("basic",),
    )  # fmt: skip
    told = await world.ask("department", body, breach, subject="breach")
    assert told.status == 201, told.answer
    known = AddToBreach(story="Thẻ nhớ không có mật khẩu.")
    assert (await world.ask("department", known, breach, subject="breach")).status == 200
    rename = {"op": "rename", "unit": "H26.02.01", "name": "Bảo tàng mới"}
    plan = await plans.drafted(world, rename)
    assert (await plans.approve(world, plan)).status == 200
    return breach, plan


async def listed(world: World) -> UUID:
    """Last month's list of an agency, still open, with one submission on it and its duty to approve."""
    month, today = uuid4(), legal_date(world.now)
    profile = await world.employ(until="review")
    values = {
        "id": month,
        "a": world.authority,
        "g": world.culture,
        "now": world.now,
        "month": last_month(world),
    }
    values |= {"opens": today, "ends": today + timedelta(days=4), "closes": world.now + timedelta(days=40)}
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, kind, state, gate, opens_on,"
        " nominal_end, rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a, :g,"
        " :month, 'month', 'open', 'after', :opens, :ends, :ends, :closes, 0, 1, :now, '{}') RETURNING id",
        **values,
    )
    await world.rows(
        "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
        " changed_at) SELECT :id, profile_id, authority_id, id, digest, 'listed', :now FROM revisions"
        " WHERE profile_id = :p RETURNING profile_id",
        id=month, p=profile, now=world.now,
    )  # fmt: skip
    await world.step("open_month", month, subject="agency_month", listed=1)
    return month


async def campaign(world: World) -> str:
    """The review of the quarter after this one, opened early: no workflow comes to open it by itself."""
    today = legal_date(world.now)
    period = next_period(periods_of(today)[0])
    async with transaction(world.tools.engine, world.scope) as connection:
        plan = await planned(connection, world.tools, world.authority, period, today)
        assert await open_review(connection, world.tools, world.authority, plan, world.now)
    return period


async def looked(client: Client, world: World, period: str) -> None:
    """Until the review's workflow knows every report of its rows."""
    handle = client.get_workflow_handle(review_workflow(world.authority, period))
    async with asyncio.timeout(60):
        while True:
            row = await world.one(
                "SELECT sum(t.version) AS version, min(t.version) AS least FROM review_reports t"
                " JOIN reviews w ON w.id = t.review_id WHERE w.period = :p",
                p=period,
            )
            moment = await handle.query("where", result_type=ReviewMoment | None)
            if row.least and moment is not None and moment.version == row.version:
                return
            await asyncio.sleep(0.1)


def last_month(world: World) -> str:
    """The month before this one: this one's list is its own workflow's to open."""
    return f"{legal_date(world.now).replace(day=1) - timedelta(days=1):%Y-%m}"


async def timer_of(client: Client, kind: WorkflowKind, subject: UUID) -> datetime:
    return await settled(client, str(WorkflowName(kind, subject)))


def test_the_ladder_is_the_one_of_the_policy() -> None:
    assert tuple(step.offset_working_days for step in load_policy().steps) == LADDER
    calendar = Calendar.seed()
    assert stepped(calendar, datetime(2026, 1, 5, tzinfo=UTC).date(), -1).isoformat() == "2025-12-31"


@pytest.mark.usefixtures("worker")
async def test_every_timer_is_the_wake_that_brute_force_finds(world: World, app: Any) -> None:
    transfer, lent = await people(world)
    breach, plan = await happenings(world)
    await listed(world)
    period = await campaign(world)
    for table in ("cases", "delegations", "agency_months"):  # an act that leaves their wake as it is
        await world.rows(f"UPDATE {table} SET version = version + 1 RETURNING id")  # names of our own
    state = app.state
    reconciler = Reconciler(state.temporal, state.settings.task_queue, state.tools.engine, state.clock)
    await reconciler.run()
    await looked(state.temporal, world, period)
    wanted = await expected(world)
    kinds = {table for table, _ in wanted}
    assert kinds == {"profiles", "cases", "agency_months", "review_reports"}, kinds
    assert ("cases", transfer) in wanted
    assert len(wanted) >= 3
    assert await recorded(world) == wanted
    await every_review_sleeps_to_its_wake(world, state.temporal)
    near = {
        one: at
        for one, at in wanted.items()
        if at < world.now + HORIZON and one[0] != "review_reports"  # a review sleeps to its reports' first
    }
    assert len(near) >= 2, "further ones sleep in PostgreSQL alone"
    month = agency_month_workflow(world.culture, last_month(world))
    named = {**WORKFLOWS, "agency_months": lambda _: month}
    timers = {one: await settled(state.temporal, named[one[0]](one[1])) for one in near}
    for one, at in near.items():
        assert abs(timers[one] - at) < timedelta(seconds=30), one
    # A delegation wakes to warn of its end, then to end; in its own minute of the night.
    row = await world.one("SELECT next_wake_at FROM delegations WHERE id = :id", id=lent)
    assert row.next_wake_at == night(lent, legal_date(row.next_wake_at))
    assert abs(await settled(state.temporal, delegation_workflow(lent)) - row.next_wake_at) < timedelta(
        seconds=30
    )
    hours = await timer_of(state.temporal, WorkflowKind.BREACH, breach)
    assert abs(hours - (world.now + timedelta(hours=72 - 24))) < timedelta(seconds=30)
    midnight = datetime.combine(legal_date(world.now) + timedelta(days=10), time(0), tzinfo=VIETNAM)
    assert abs(await timer_of(state.temporal, WorkflowKind.REORGANISATION, plan) - midnight) < timedelta(
        seconds=30
    )
    assert (await reconciler.run()).total == 0
    await an_engine_behind_its_rows(world, state.temporal, reconciler, wanted)
    await an_engine_ahead_of_its_rows(world, state, reconciler, wanted)


async def every_review_sleeps_to_its_wake(world: World, client: Client) -> None:
    """A report's duty, the night's measuring or the end; and the digest to the next working morning."""
    before = datetime.now(UTC)
    timers = {
        period: await settled(client, review_workflow(world.authority, period))
        for period in await reviews(world, before)
    }
    digest = await settled(client, digest_workflow(world.authority))
    after = datetime.now(UTC)  # an hour may have struck between
    for period, fires in timers.items():
        wakes = [(await reviews(world, one))[period] for one in (before, after)]
        assert any(abs(fires - at) < timedelta(seconds=30) for at in wakes), (period, fires, wakes)
    assert any(abs(digest - morning(one)) < timedelta(seconds=30) for one in (before, after)), digest


KINDS = {"profile", "transfer", "delegation", "breach", "reorganisation", "month-end", "review"}
OWN = ("profiles", "cases", "delegations", "breaches", "reorganisations", "agency_months", "review_reports")


async def an_engine_behind_its_rows(
    world: World, client: Client, reconciler: Reconciler, wanted: dict[Any, datetime]
) -> None:
    """Acts were committed and the engine never heard of them; then instants pass without a wake."""
    for table in OWN:
        await world.rows(f"UPDATE {table} SET version = version + 1 RETURNING id")  # names of our own
    found = await reconciler.run(every=True)
    assert {one.partition("/")[0] for one in found.behind} == KINDS
    assert (found.started, found.ahead) == ([], [])
    for (period,) in await world.rows("SELECT period FROM reviews WHERE state = 'open'"):
        await looked(client, world, period)
    assert (await reconciler.run(every=True)).behind == []
    passed = world.now - timedelta(hours=1)
    for table in ("cases", "agency_months"):
        await world.rows(f"UPDATE {table} SET next_wake_at = :then RETURNING id", then=passed)  # likewise
    woken = (await reconciler.run()).woken
    assert {one.partition("/")[0] for one in woken} == {"transfer", "month-end"}
    async with asyncio.timeout(20):
        # Nothing was due: the rows learn their next wake again.
        while await recorded(world) != wanted:  # noqa: ASYNC110 — rows, not events, say it
            await asyncio.sleep(0.1)


async def an_engine_ahead_of_its_rows(
    world: World, state: Any, reconciler: Reconciler, wanted: dict[Any, datetime]
) -> None:
    """The database is restored to what it was before the last act of each: the engine knows of acts that
    never were, and would take no answer that is older."""
    earlier = world.now + timedelta(hours=30)
    for table in OWN:
        await world.rows(
            f"UPDATE {table} SET version = version - 1, next_wake_at = :then"  # names of our own
            " WHERE next_wake_at IS NOT NULL AND version > 1 RETURNING id",
            then=earlier,
        )
    found = await reconciler.run(every=True)
    people = {profile_workflow(one) for table, one in wanted if table == "profiles"}
    # The relay starts a transfer's as soon as it is asked for: that one may know of its first act only.
    kinds = {one.partition("/")[0] for one in found.ahead} - {"transfer"}
    assert kinds == KINDS - {"transfer"}, found.ahead
    assert {one for one in found.ahead if one.startswith("profile/")} <= people
    for one in found.ahead:
        if not one.startswith("review/"):
            assert abs(await settled(state.temporal, one) - earlier) < timedelta(seconds=30), one
    for (period,) in await world.rows("SELECT period FROM reviews WHERE state = 'open'"):
        await looked(state.temporal, world, period)
        fires = await settled(state.temporal, review_workflow(world.authority, period))
        measuring = (await reviews(world, datetime.now(UTC)))[period]
        assert abs(fires - min(earlier, measuring)) < timedelta(seconds=30), (period, fires)
    again = await reconciler.run(every=True)
    assert (again.ahead, again.behind) == ([], [])


@pytest.mark.usefixtures("worker")
async def test_a_digest_of_a_later_calendar_begins_anew(world: World, app: Any) -> None:
    """A day off was proclaimed, the digest sleeps over it; the restored rows know nothing of that day."""
    state, name = app.state, digest_workflow(world.authority)
    reconciler = Reconciler(state.temporal, state.settings.task_queue, state.tools.engine, state.clock)
    await settled(state.temporal, name)
    day = morning(datetime.now(UTC)).astimezone(VIETNAM).date()
    await load(world, Calendar(years=tuple(map(partial(off, day), Calendar.seed().years))), 1)
    await state.temporal.get_workflow_handle(name).terminate()
    assert name in (await reconciler.run()).started
    assert legal_date(await settled(state.temporal, name)) > day
    assert (await reconciler.run()).ahead == []
    await load(world, Calendar.seed(), 2)
    assert (await reconciler.run()).ahead == [name]
    before = datetime.now(UTC)
    fires = await settled(state.temporal, name)
    mornings = {morning(before), morning(datetime.now(UTC))}
    assert any(abs(fires - one) < timedelta(seconds=30) for one in mornings), fires
    assert (await reconciler.run()).ahead == []


@pytest.mark.usefixtures("worker")
async def test_a_review_still_to_open_reckons_its_opening_by_the_restored_rows(
    world: World, app: Any
) -> None:
    """Ten working days before its report, counted one by one, under the calendar the rows have then."""
    client, today = app.state.temporal, legal_date(world.now)
    reconciler = Reconciler(client, app.state.settings.task_queue, app.state.tools.engine, app.state.clock)
    period = next_period(periods_of(today)[0])
    async with transaction(world.tools.engine, world.scope) as connection:
        plan = await planned(connection, world.tools, world.authority, period, today)
    assert plan.dates is not None
    nominal, name = plan.dates.nominal_due_on, review_workflow(world.authority, period)
    await client.start_workflow(
        ReviewWorkflow.run,
        ReviewStart(authority_id=world.authority, period=period),
        id=name,
        task_queue=app.state.settings.task_queue,
    )
    seed = Calendar.seed()
    assert abs(await settled(client, name) - opening(seed, nominal)) < SLACK
    changed = Calendar(years=tuple(map(partial(off, stepped(seed, nominal, -3)), seed.years)))
    await load(world, changed, 1)
    await reconciler.run(every=True)
    wanted = opening(changed, nominal)
    assert wanted < opening(seed, nominal)
    async with asyncio.timeout(20):
        while abs(await settled(client, name) - wanted) > SLACK:  # noqa: ASYNC110 — its history says it
            await asyncio.sleep(0.1)


def opening(calendar: Calendar, nominal: date) -> datetime:
    return datetime.combine(stepped(calendar, nominal, -10), time(0), tzinfo=VIETNAM).astimezone(UTC)


async def load(world: World, calendar: Calendar, later: int) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        loading = Load(world.authority, "77/TB", world.now + timedelta(seconds=later))
        await load_calendar(connection, loading, calendar)


def off(day: date, year: CalendarYear) -> CalendarYear:
    """The year with one more day off, where it is that day's."""
    if year.year != day.year:
        return year
    holiday = year.days[0].model_copy(update={"date": day})
    worked = tuple(one for one in year.working_days if one.date != day)
    days = tuple(sorted((*year.days, holiday), key=lambda one: one.date))
    return year.model_copy(update={"days": days, "working_days": worked})
