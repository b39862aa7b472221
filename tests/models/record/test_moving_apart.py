"""One person who cannot be moved holds nobody back, stops the end of the day, and is tried again."""

from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.reorganising.office import ReorganisingOffice
from models.calendar import start_of_day
from models.messages import BatchResult
from models.messages_admin import ReorganisationBatch
from models.record.moving_day import BehindError
from tests.models.record.plans import approve, ask, drafted
from tests.models.record.test_reorganised_day import wrong
from tests.world import World

AWAY = {"op": "merge", "units": ["H26.02.01"], "into": "H26.03"}


async def moved(world: World, case: UUID) -> BatchResult:
    batch = ReorganisationBatch(authority_id=world.authority, reorganisation_id=case, now=world.now)
    done: BatchResult = await ActivityEnvironment().run(ReorganisingOffice(world.tools).move_people, batch)
    return done


async def damaged(world: World, profile: UUID, chapter: str) -> None:
    """A row that no code of ours reads; and mended."""
    await world.rows("UPDATE profiles SET chapter = :c WHERE id = :p RETURNING 1", c=chapter, p=profile)


async def test_one_who_cannot_be_moved_waits_with_the_reason_and_the_others_go(world: World) -> None:
    people = [await world.employ(agency=world.museum, until="account") for _ in range(5)]
    case = await drafted(world, AWAY, days=1)
    assert (await approve(world, case)).status == 200
    row = await world.one("SELECT effective_on FROM reorganisations WHERE id = :c", c=case)
    world.now = start_of_day(row.effective_on)
    assert (await ask(world, case, "wake")).left == 5
    await damaged(world, people[2], "nowhere")
    done = await moved(world, case)
    assert (done.done, done.more) == (4, False)
    waiting = await world.one(
        "SELECT profile_id, reason FROM reorganisation_items WHERE reorganisation_id = :c"
        " AND state = 'waiting'",
        c=case,
    )
    assert tuple(waiting) == (people[2], "cannot-move: ValueError")
    # Nothing ends while somebody is left: it is said once, and tried again in an hour.
    for hour in range(2):
        moment = await ask(world, case, "finish_reorganisation")
        row = await world.one("SELECT trouble, next_wake_at FROM reorganisations WHERE id = :c", c=case)
        assert (moment.chapter, moment.left) == ("executing", 1)
        assert (row.trouble, row.next_wake_at) == ("people-undecided", world.now + timedelta(hours=1))
        if hour == 0:
            world.now += timedelta(hours=1)
            assert (await ask(world, case, "wake")).next_wake_at is None
            assert (await moved(world, case)).done == 0
    stuck = await world.rows("SELECT 1 FROM events WHERE stream_id = :c AND kind LIKE '%stuck'", c=case)
    assert len(stuck) == 1
    await damaged(world, people[2], "account")
    world.now += timedelta(hours=1)
    await ask(world, case, "wake")
    assert (await moved(world, case)).done == 1
    assert (await ask(world, case, "finish_reorganisation")).chapter == "done"
    row = await world.one("SELECT trouble FROM reorganisations WHERE id = :c", c=case)
    assert (row.trouble, await wrong(world)) == (None, [])


async def test_one_who_stays_and_cannot_be_followed_leaves_only_the_own_behind(world: World) -> None:
    """Three are on their way to a unit that ends: one case goes on when it can, the others at once."""
    people = [await world.employ() for _ in range(3)]
    for one in people:
        await world.transfer(one, "requested")
    case = await drafted(world, {"op": "merge", "units": ["H26.03"], "into": "H26.01"}, days=1)
    assert (await approve(world, case)).status == 200
    row = await world.one("SELECT effective_on FROM reorganisations WHERE id = :c", c=case)
    world.now = start_of_day(row.effective_on)
    await ask(world, case, "wake")
    damned = sorted(people)[1]
    await damaged(world, damned, "nowhere")
    named = "SELECT profile_id FROM cases WHERE to_agency_id = :unit AND closed_at IS NULL"
    with pytest.raises(BehindError, match=r"^1 left behind: ValueError$") as behind:
        await moved(world, case)
    assert set(behind.value.people) == {damned}
    assert [one.profile_id for one in await world.rows(named, unit=world.health)] == [damned]
    held = "SELECT 1 FROM grants WHERE agency_id = :unit AND valid_to IS NULL"
    assert await world.rows(held, unit=world.health), "nothing of the unit's own went on before the last case"
    await damaged(world, damned, "transfer")
    assert not (await moved(world, case)).more
    assert not await world.rows(named, unit=world.health)
    assert not await world.rows(held, unit=world.health)
    assert (await ask(world, case, "finish_reorganisation")).chapter == "done"
    assert await wrong(world) == []
