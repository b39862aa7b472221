"""What was approved in error is held before it goes out, from list to list, until let go or corrected."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from models.command_lists import HoldItems, LiftHold
from models.messages import MonthStart
from models.record.commands import Fate
from tests.activities.batches.conftest import OPENING, batch, chosen, items_of, month_of, submitted
from tests.world import World

NEXT = datetime(2026, 2, 23, 17, 0, tzinfo=UTC)
"""The opening of February's window."""
WHY = "duyệt nhầm người"


@pytest.fixture
async def approved(world: World, months, run) -> tuple[Any, list[UUID]]:
    """Culture's open list: two people approved, one still waiting."""
    people = sorted([await submitted(world, n) for n in range(1, 4)])
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    month = await month_of(world, world.culture)
    await run(months.approve_batch, batch(world, month, await chosen(world, month.id, *people[:2])))
    return month, people


async def hold(world: World, month: Any, *people: UUID, who: str = "culture.approver") -> Fate:
    body = HoldItems(profiles=people, reason=WHY)
    return await world.ask(who, body, month.id, subject="agency_month")


async def lift(world: World, month: Any, *people: UUID) -> Fate:
    body = LiftHold(profiles=people, reason="đã đối chiếu")
    return await world.ask("culture.approver", body, month.id, subject="agency_month")


async def states(world: World, month: Any, people: list[UUID]) -> list[str]:
    items = await items_of(world, month.id)
    return [items[p].state for p in people]


async def test_a_held_item_does_not_go_out_and_says_why(world, approved, months, run) -> None:
    month, people = approved
    assert (await hold(world, month, people[0])).status == 200
    await run(months.submit_batch, batch(world, month))
    assert await states(world, month, people) == ["held", "sent", "listed"]
    item = (await items_of(world, month.id))[people[0]]
    assert (item.reason, item.tran_code) == (WHY, None)
    signed = await world.rows(
        "SELECT 1 FROM approvals WHERE profile_id = :p AND state = 'signed'", p=people[0]
    )
    assert signed, "that it was approved stays on record"
    told = await world.rows("SELECT kind FROM notices WHERE kind = 'items_held'")
    assert len(told) == 1


async def test_what_is_let_go_goes_out(world, approved, months, run) -> None:
    month, people = approved
    await hold(world, month, people[0])
    assert (await lift(world, month, people[0])).status == 200
    await run(months.submit_batch, batch(world, month))
    assert await states(world, month, people) == ["sent", "sent", "listed"]


async def test_it_stays_held_on_the_next_list(world, approved, months, run) -> None:
    month, people = approved
    await hold(world, month, people[0])
    world.now = NEXT
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-02"), at=NEXT)
    following = await month_of(world, world.culture, "2026-02")
    assert await states(world, following, people) == ["held", "approved", "listed"]
    assert (await items_of(world, following.id))[people[0]].reason == WHY
    assert (await lift(world, following, people[0])).status == 200
    await run(months.submit_batch, batch(world, following))
    assert await states(world, following, people) == ["sent", "sent", "listed"]


async def test_afterwards_only_a_new_revision_corrects(world, approved, months, run) -> None:
    month, people = approved
    await run(months.submit_batch, batch(world, month))
    refused = await hold(world, month, people[0])
    assert (refused.status, refused.answer["code"]) == (409, "already-sent")
    assert await states(world, month, people) == ["sent", "sent", "listed"]


async def test_only_what_is_approved_is_held_and_only_what_is_held_let_go(world, approved) -> None:
    month, people = approved
    refused = await hold(world, month, people[0], people[2])
    assert (refused.status, refused.answer["code"]) == (409, "wrong-state")
    refused = await lift(world, month, people[0])
    assert (refused.status, refused.answer["code"]) == (409, "wrong-state")
    assert await states(world, month, people) == ["approved", "approved", "listed"]


async def test_a_closed_list_is_closed(world, approved) -> None:
    month, people = approved
    await hold(world, month, people[0])
    await world.step("close_month", month.id, subject="agency_month")
    for refused in (await hold(world, month, people[1]), await lift(world, month, people[0])):
        assert (refused.status, refused.answer["code"]) == (409, "wrong-state")
