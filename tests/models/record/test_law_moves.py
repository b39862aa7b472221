"""What a load moved is listed under it and stays; silent law is told to bearers; the bearer follows."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.database import engine_for
from models.regulations import in_force
from tests.models.record.test_recompute import NOW, again, duty, load, longer, noticed, proclaimed
from tests.world import World, build, tools_for


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


async def test_a_kept_duty_is_told_to_its_bearer_once_for_each_law_that_is_silent(world: World) -> None:
    law = in_force("hanoi", NOW.date())
    profile, before = await noticed(world, date(2025, 12, 16))
    gone = law
    for rule in law.every("update_after_change"):
        gone = gone.without(rule.id)
    await load(world, law=gone, on=date(2025, 12, 15))
    for _ in range(2):
        await again(world)
        (told,) = await world.rows("SELECT * FROM notices WHERE kind = 'duty_kept'")
        assert (told.account_id, told.duty_id) == (world.accounts["person"], before.id)
        assert (told.citation, told.due_on) == (before.citation, before.due_on)
        (event,) = await world.rows("SELECT * FROM events WHERE kind = 'duty.kept'")
        assert (event.stream_id, event.facts["duty"]) == (profile, str(before.id))
        (line,) = await world.rows("SELECT * FROM law_moves")
        assert (line.kept, line.duty_id, line.due_before, line.due) == (
            True, before.id, before.due_on, before.due_on,
        )  # fmt: skip
        loaded = await world.one("SELECT id FROM rule_set_loads WHERE hash = :h", h=gone.hash)
        assert line.load_id == loaded.id
    await load(world, law=gone.replace("hanoi.art8.2", scope="own_agency"), on=date(2025, 12, 15))
    await again(world)
    assert len(await world.rows("SELECT 1 FROM notices WHERE kind = 'duty_kept'")) == 2


async def test_what_a_load_moved_is_listed_under_it_and_stays(world: World) -> None:
    _, before = await noticed(world, date(2025, 12, 1))
    law = in_force("hanoi", NOW.date())
    await load(world, calendar=proclaimed())
    await again(world)
    world.now += timedelta(minutes=5)
    changed = longer(law, 7)
    await load(world, law=changed, on=date(2025, 11, 1))
    await again(world)
    lines = await world.rows("SELECT * FROM law_moves ORDER BY moved_at")
    day = await world.one("SELECT id FROM calendar_loads WHERE hash = :h", h=proclaimed().hash)
    text_ = await world.one("SELECT id FROM rule_set_loads WHERE hash = :h", h=changed.hash)
    assert [(one.load_id, one.due_before, one.due) for one in lines] == [
        (day.id, date(2025, 12, 8), date(2025, 12, 9)),
        (text_.id, date(2025, 12, 9), date(2025, 12, 11)),
    ]
    assert [one.why[0].get("day") or one.why[0]["rule"] for one in lines] == ["2025-12-05", "hanoi.art6.3"]
    assert {one.duty_id for one in lines} == {before.id}
    await again(world)
    assert len(await world.rows("SELECT 1 FROM law_moves")) == 2


@pytest.mark.rule("hanoi.art6.3")
async def test_the_bearer_follows_where_the_new_law_names_another_party(world: World) -> None:
    profile, before = await noticed(world, date(2025, 12, 1))
    assert (before.party, before.agency_id) == ("person", world.culture)
    law = in_force("hanoi", NOW.date())
    theirs = law.replace("hanoi.art6.3", party="agency", post="hr_officer")
    await load(world, law=theirs, on=date(2025, 11, 1))
    assert (await again(world)).moved == 1
    after = await duty(world, before.id)
    assert (after.party, after.agency_id, after.due_on) == ("hr_officer", world.culture, before.due_on)
    notices = {
        row.kind: row for row in await world.rows("SELECT * FROM notices WHERE duty_id = :d", d=before.id)
    }
    assert (notices["duty_moved"].role, notices["duty_moved"].account_id) == ("hr_officer", None)
    assert notices["duty_passed_on"].account_id == world.accounts["person"]
    event = await world.one(
        "SELECT facts FROM events WHERE kind = 'duty.moved' AND stream_id = :p", p=profile
    )
    assert (event.facts["party_before"], event.facts["party"]) == ("person", "hr_officer")
    (line,) = await world.rows("SELECT * FROM law_moves")
    assert (line.party_before, line.party, line.kept) == ("person", "hr_officer", False)
    department = law.replace("hanoi.art6.3", party="department", post=None)
    await load(world, law=department, on=date(2025, 11, 1))
    world.now += timedelta(minutes=5)
    await again(world)
    last = await duty(world, before.id)
    assert (last.party, last.agency_id) == ("department_officer", world.department)
    assert (await again(world)).moved == 0
