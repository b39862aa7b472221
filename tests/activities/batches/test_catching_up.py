"""Months that were missed are caught up in their order: nobody stands on two open lists."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.batches.office import MonthOffice
from api.clock import SystemClock
from api.reconcile import Reconciler
from models.calendar import legal_date
from models.database import engine_for, transaction
from models.identifiers import batch_queue, month_end_workflow
from models.record.months import window_of
from tests.activities.batches.conftest import submitted
from tests.world import World, build, tools_for
from workflows.registry import WORKFLOWS, runner

MISSED = 3


def before(day: date, months: int) -> date:
    """The first day of the month so many months earlier."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    """An authority of today whose engine has stood still since it was installed three months ago."""
    engine = engine_for(database.url("worker"), pool_size=8)
    made = await build(tools_for(engine, tmp_path), datetime.now(UTC))
    since = before(legal_date(made.now), MISSED)
    async with transaction(engine, made.scope) as connection:
        await connection.execute(text("UPDATE authorities SET installed_on = :d"), {"d": since})
    yield made
    await engine.dispose()


async def test_three_missed_months_are_opened_one_after_the_other(
    world: World, months: MonthOffice, client: Client, settings: Any
) -> None:
    profile = await submitted(world, 1)
    today = legal_date(world.now)
    names = [f"{before(today, n):%Y-%m}" for n in range(MISSED, -1, -1)]
    window = await window_of(world.tools, world.authority, names[-1])
    expected = names if window.opens_at <= datetime.now(UTC) else names[:-1]
    reconciler = Reconciler(client, settings.task_queue, world.tools.engine, SystemClock())
    found = await reconciler.run()
    starting = [one for one in found.started if one.startswith(f"month-end/{world.authority}/")]
    assert starting == [month_end_workflow(world.authority, names[0])], "it starts the next one itself"
    again = await reconciler.run()
    assert not any(one.startswith("month-end/") for one in again.started), "its lists are still to be made"

    acts, queue = ActOffice(world.tools), settings.task_queue
    batches = [months.open_agency_months, months.submit_batch, months.await_receipts]
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
        async with asyncio.timeout(60):
            while await opened(world) != expected:  # noqa: ASYNC110 — rows, not events, say it
                await asyncio.sleep(0.1)
            while len(await standing(world, profile)) != 1:  # noqa: ASYNC110 — likewise
                await asyncio.sleep(0.1)
    assert await standing(world, profile) == [expected[-1]], "on the newest list, and on no other open one"
    rows = await world.rows("SELECT month, opened_at FROM month_ends ORDER BY opened_at")
    assert [row.month for row in rows] == expected, "in their order"
    lists = await world.rows(
        "SELECT m.month, m.state, m.summary FROM agency_months m WHERE m.agency_id = :a ORDER BY m.month",
        a=world.culture,
    )
    assert [one.month for one in lists] == expected
    assert [(one.state, one.summary["left"]) for one in lists[:-1]] == [("closed", 1)] * (len(expected) - 1)


async def opened(world: World) -> list[str]:
    rows = await world.rows("SELECT month FROM month_ends WHERE state <> 'opening' ORDER BY month")
    return [row.month for row in rows]


async def standing(world: World, profile: UUID) -> list[str]:
    """The months on whose open lists somebody stands."""
    sql = (
        "SELECT m.month FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
        " WHERE i.profile_id = :p AND m.state <> 'closed' ORDER BY m.month"
    )
    return [row.month for row in await world.rows(sql, p=profile)]
