"""After an engine was built anew from rows, every timer in it is the wake that brute force finds."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from api.reconcile import HORIZON, Reconciler
from models.calendar import Calendar, legal_date
from models.commands import Delegate, GiveNotice
from models.identifiers import delegation_workflow, profile_workflow, transfer_workflow
from models.regulations.policy import load_policy
from tests.wakes import LADDER, expected, night, recorded, stepped
from tests.world import World

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


def test_the_ladder_is_the_one_of_the_policy() -> None:
    assert tuple(step.offset_working_days for step in load_policy().steps) == LADDER
    calendar = Calendar.seed()
    assert stepped(calendar, datetime(2026, 1, 5, tzinfo=UTC).date(), -1).isoformat() == "2025-12-31"


@pytest.mark.usefixtures("worker")
async def test_every_timer_is_the_wake_that_brute_force_finds(world: World, app: Any) -> None:
    transfer, lent = await people(world)
    state = app.state
    reconciler = Reconciler(state.temporal, state.settings.task_queue, state.tools.engine, state.clock)
    await reconciler.run()
    wanted = await expected(world)
    kinds = {table for table, _ in wanted}
    assert kinds == {"profiles", "cases"}, kinds
    assert ("cases", transfer) in wanted
    assert len(wanted) >= 3
    assert await recorded(world) == wanted
    near = {one: at for one, at in wanted.items() if at < world.now + HORIZON}
    assert len(near) >= 2, "further ones sleep in PostgreSQL alone"
    timers = {one: await settled(state.temporal, WORKFLOWS[one[0]](one[1])) for one in near}
    for one, at in near.items():
        assert abs(timers[one] - at) < timedelta(seconds=30), one
    # A delegation wakes to warn of its end, then to end; in its own minute of the night.
    row = await world.one("SELECT next_wake_at FROM delegations WHERE id = :id", id=lent)
    assert row.next_wake_at == night(lent, legal_date(row.next_wake_at))
    assert abs(await settled(state.temporal, delegation_workflow(lent)) - row.next_wake_at) < timedelta(
        seconds=30
    )
    assert (await reconciler.run()).total == 0
