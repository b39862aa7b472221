"""A draft nobody touches is recalled once, by policy; one that is saved again begins anew."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.commands import ActivateAccount
from tests.activities.notifications.conftest import person
from tests.forms import COMPLETE
from tests.world import World

SAVED = datetime(2026, 1, 12, 3, 0, tzinfo=UTC)
"""Monday; ten working days later is Monday, 26 January."""


def morning(day: int) -> datetime:
    return datetime(2026, 1, day, 1, 0, tzinfo=UTC)


async def drafting(world: World) -> UUID:
    profile = await person(world, 1)
    await world.ask("p1", ActivateAccount(password_hash="y"), profile)
    await world.draft(profile, COMPLETE)
    return profile


async def recalled(world: World) -> list[Any]:
    return await world.rows(
        "SELECT account_id, profile_id, facts FROM notices WHERE kind = 'draft_untouched' ORDER BY created_at"
    )


async def test_a_draft_is_recalled_once_on_the_tenth_working_day(world: World, office, send, mailbox) -> None:
    assert world.now == SAVED
    profile = await drafting(world)
    await send(office, morning(23))
    assert await recalled(world) == []
    await send(office, morning(26))
    (line,) = await recalled(world)
    assert (line.account_id, line.profile_id) == (world.accounts["p1"], profile)
    assert line.facts == {"revision": 1, "working_days": 10, "policy": True}
    await send(office, morning(27))
    assert len(await recalled(world)) == 1


async def test_a_draft_saved_again_waits_the_whole_period(world: World, office, send, mailbox) -> None:
    profile = await drafting(world)
    world.now = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
    await world.draft(profile, COMPLETE)
    await send(office, morning(27))
    assert await recalled(world) == []
    await send(office, datetime(2026, 2, 3, 1, 0, tzinfo=UTC))
    assert len(await recalled(world)) == 1


async def test_what_was_submitted_is_no_draft(world: World, office, send, mailbox) -> None:
    profile = await drafting(world)
    world.accounts["person"] = world.accounts["p1"]
    await world.submit(profile)
    await send(office, morning(27))
    assert await recalled(world) == []


async def test_a_year_without_calendar_recalls_nothing(world: World, office, send, mailbox) -> None:
    await drafting(world)
    await send(office, datetime(2031, 5, 5, 1, 0, tzinfo=UTC))
    assert await recalled(world) == []
