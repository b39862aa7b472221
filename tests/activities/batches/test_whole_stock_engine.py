"""A list of the whole stock with its own workflow: rounds by the head, killed and gone on, nothing twice."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.client import Client

from activities.batches.office import MonthOffice
from models.database import engine_for, transaction
from models.identifiers import agency_month_workflow
from models.messages import MonthStart
from models.regulations import in_force
from tests.activities.batches.conftest import OPENING, chosen, items_of, month_of, submitted
from tests.activities.batches.test_rounds import lose_the_engine, rebuild, until, working
from tests.world import World, build, tools_for

pytestmark = pytest.mark.rule("phu_yen.art6.1")


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=8)
    law = in_force("phu_yen", date(2026, 1, 20), simulate=["phu_yen_2024"])
    yield await build(tools_for(engine, tmp_path), datetime(2026, 1, 20, 3, 0, tzinfo=UTC), law=law)
    await engine.dispose()


async def test_rounds_run_through_a_lost_engine_to_the_national_database(
    world: World, months: MonthOffice, run: Any, client: Client
) -> None:
    people = sorted([await submitted(world, n) for n in range(1, 4)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text("UPDATE authorities SET installed_on = :d"), {"d": OPENING.date()})
    stock = await month_of(world, world.culture, "2026-01-stock")
    workflow_id = agency_month_workflow(world.culture, "2026-01-stock")
    batches = (months.approve_batch, months.submit_batch, months.await_receipts)

    async def approved(n: int) -> bool:
        items = await items_of(world, stock.id)
        return sum(item.state not in ("listed", "returned") for item in items.values()) == n

    async with working(client, world, months, *batches):
        await chosen(world, stock.id, people[0], who="culture.head")
        await client.get_workflow_handle(workflow_id).signal("heard")
        await until(lambda: approved(1))
    # Workers gone, then the engine's memory of the list; a round accepted meanwhile stands in its row.
    await chosen(world, stock.id, people[1], people[2], who="culture.head")
    await lose_the_engine(client, stock)
    assert workflow_id in await rebuild(client, world, months)
    async with working(client, world, months, *batches):
        await until(lambda: approved(3))
    signed = await world.rows("SELECT profile_id, approver_role FROM approvals WHERE state = 'signed'")
    assert sorted(row.profile_id for row in signed) == people
    assert {row.approver_role for row in signed} == {"head"}
