"""Duties reckoned again: equal to brute force, each move an event, an earlier wake told, twice is once."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.calendar import Calendar, CalendarYear, Proclamation, reckon
from models.calendar.days import SpecialDay
from models.commands import GiveNotice, ReturnedField, ReturnForCorrection
from models.database import engine_for, transaction
from models.record.basis import basis_of
from models.record.loads import Load, load_calendar, load_rules
from models.record.recompute import Recomputed, recompute, survey
from models.regulations import RuleSet, in_force
from tests.world import World, build, tools_for

NOW = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
OFF, WORKED = date(2025, 12, 5), date(2025, 12, 13)
"""A Friday off in exchange for a worked Saturday, which nobody has proclaimed."""


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


def proclaimed(day: date = OFF, swap: date = WORKED) -> Calendar:
    """The packaged years with one more swap."""
    act = Proclamation(id="swap", number="99/TB", date=date(2025, 12, 1), title="Hoán đổi", check="found")
    off = SpecialDay(date=day, kind="proclaimed", vi="Nghỉ", en="Off", proclamation="swap", swap=swap)
    worked = SpecialDay(date=swap, kind="proclaimed", vi="Làm", en="Worked", proclamation="swap", swap=day)
    return Calendar(years=tuple(_with(y, act, off, worked) for y in Calendar.seed().years))


def _with(year: CalendarYear, act: Proclamation, off: SpecialDay, worked: SpecialDay) -> CalendarYear:
    if year.year != off.date.year:
        return year
    return CalendarYear(
        year=year.year,
        proclamations=(*year.proclamations, act),
        days=(*year.days, off),
        working_days=(*year.working_days, worked),
    )


def longer(law: RuleSet, days: int) -> RuleSet:
    """The same law with another period for updates."""
    rule = law.slot("update_after_change")
    assert rule is not None
    assert rule.deadline is not None
    return law.replace(rule.rule.id, deadline=rule.deadline.model_copy(update={"n": days}).model_dump())


async def load(
    world: World, *, calendar: Calendar | None = None, law: RuleSet | None = None, on: Any = None
) -> None:
    made = Load(world.authority, "99/TB", world.now + timedelta(minutes=1))
    async with transaction(world.tools.engine, world.scope) as connection:
        if calendar is not None:
            await load_calendar(connection, made, calendar)
        if law is not None:
            await load_rules(connection, made, law, on)


async def again(world: World, **more: Any) -> Recomputed:
    return await recompute(world.tools, world.authority, world.now, **more)


async def noticed(world: World, changed_on: date, profile: UUID | None = None) -> tuple[UUID, Any]:
    """A person with a duty to update; answers the profile and the duty's row."""
    profile = profile or await world.employ()
    done = await world.ask(
        "culture.hr", GiveNotice(kind="salary", changed_on=changed_on, document="5/QĐ"), profile
    )
    assert done.status == 201, done.answer
    return profile, await world.one(
        "SELECT * FROM duties WHERE profile_id = :p AND slot = 'update_after_change' AND state = 'open'"
        " ORDER BY opened_at DESC LIMIT 1",
        p=profile,
    )


async def duty(world: World, duty_id: UUID) -> Any:
    return await world.one("SELECT * FROM duties WHERE id = :id", id=duty_id)


@pytest.mark.rule("hanoi.art6.3")
async def test_a_proclaimed_day_off_moves_what_counts_over_it(world: World) -> None:
    profile, before = await noticed(world, date(2025, 12, 1))
    assert before.due_on == date(2025, 12, 8)
    await load(world, calendar=proclaimed())
    done = await again(world)
    after = await duty(world, before.id)
    assert (after.due_on, after.calendar_hash) == (date(2025, 12, 9), proclaimed().hash)
    assert done.moved == 1
    event = await world.one("SELECT * FROM events WHERE stream_id = :p AND kind = 'duty.moved'", p=profile)
    assert (event.facts["due_before"], event.facts["due"]) == ("2025-12-08", "2025-12-09")
    assert event.facts["why"] == [
        {"day": "2025-12-05", "off": True, "act": "99/TB ngày 01/12/2025"},
    ]
    told = await world.one("SELECT * FROM notices WHERE kind = 'duty_moved'")
    assert (told.due_on, told.account_id) == (date(2025, 12, 9), world.accounts["person"])
    row = await world.one("SELECT next_wake_at, last_event, last_hash FROM profiles WHERE id = :p", p=profile)
    assert (row.last_event, row.last_hash) == (event.number, event.hash)
    assert row.next_wake_at == after.next_wake_at


async def test_a_second_run_finds_nothing(world: World) -> None:
    await noticed(world, date(2025, 12, 1))
    await load(world, calendar=proclaimed())
    await again(world)
    events = len(await world.rows("SELECT 1 FROM events"))
    done = await again(world)
    assert (done.moved, done.unchanged, done.kept) == (0, 0, 0)
    assert len(await world.rows("SELECT 1 FROM events")) == events


async def test_only_an_earlier_wake_is_told(world: World) -> None:
    later, _ = await noticed(world, date(2025, 12, 1))
    law, before = in_force("hanoi", NOW.date()), date(2025, 11, 1)
    await load(world, law=longer(law, 15), on=before)
    await world.rows("UPDATE outbox SET sent_at = created_at RETURNING id")
    await again(world)
    unsent = "SELECT workflow_id FROM outbox WHERE sent_at IS NULL"
    assert await world.rows(unsent) == [], "a later date is found when the old timer fires"
    await load(world, law=law, on=before)
    await again(world)
    assert [row.workflow_id for row in await world.rows(unsent)] == [f"profile/{later}"]


async def test_a_longer_period_moves_events_it_covers_and_no_others(world: World) -> None:
    law = in_force("hanoi", NOW.date())
    _, before = await noticed(world, date(2025, 12, 1))
    _, covered = await noticed(world, date(2025, 12, 16))
    changed = longer(law, 7)
    await load(world, law=changed, on=date(2025, 12, 15))
    done = await again(world)
    assert (await duty(world, before.id)).due_on == before.due_on
    after = await duty(world, covered.id)
    assert (covered.due_on, after.due_on) == (date(2025, 12, 23), date(2025, 12, 25))
    assert after.rule_set_hash == changed.hash
    assert (await duty(world, before.id)).rule_set_hash == law.hash
    assert done.moved == 1


async def test_a_duty_without_a_rule_in_the_new_law_keeps_its_own(world: World) -> None:
    law = in_force("hanoi", NOW.date())
    _, before = await noticed(world, date(2025, 12, 16))
    gone = law
    for rule in law.every("update_after_change"):
        gone = gone.without(rule.id)
    await load(world, law=gone, on=date(2025, 12, 15))
    done = await again(world)
    after = await duty(world, before.id)
    assert (after.due_on, after.rule_id, after.rule_set_hash) == (before.due_on, before.rule_id, law.hash)
    assert (done.kept, done.unanswered) == (1, [before.id])


async def test_an_unknown_date_is_found_when_its_year_is_loaded(world: World) -> None:
    fewer = Calendar(years=tuple(y for y in Calendar.seed().years if y.year < 2026))
    await load(world, calendar=fewer)
    _, before = await noticed(world, date(2025, 12, 29))
    assert (before.due_on, before.facts["due_unknown"]) == (None, 2026)
    world.now += timedelta(minutes=5)
    await load(world, calendar=Calendar.seed())
    assert (await again(world)).moved >= 1
    after = await duty(world, before.id)
    assert after.due_on == reckon_update(date(2025, 12, 29), Calendar.seed())
    assert "due_unknown" not in after.facts
    event = await world.one(
        "SELECT facts FROM events WHERE kind = 'duty.moved' AND facts ->> 'duty' = :d", d=str(before.id)
    )
    assert event.facts["why"] == [{"year": 2026, "loaded": True}]


def reckon_update(event_on: date, calendar: Calendar, law: RuleSet | None = None) -> date:
    rule = (law or in_force("hanoi", NOW.date())).slot("update_after_change")
    assert rule is not None
    assert rule.deadline is not None
    return reckon(rule.deadline, event_on, calendar).due


async def test_what_was_said_of_the_old_date_is_said_again_of_a_later_one(world: World) -> None:
    profile, before = await noticed(world, date(2025, 12, 1))
    world.now = before.next_wake_at + timedelta(minutes=1)
    while (await duty(world, before.id)).ladder_step == 0:
        await world.step("wake", profile)
        world.now += timedelta(days=1)
    world.now -= timedelta(days=1)
    await load(world, law=longer(in_force("hanoi", NOW.date()), 15), on=date(2025, 11, 1))
    assert (await again(world)).moved == 1
    after = await duty(world, before.id)
    assert (after.ladder_step, after.due_on) == (0, date(2025, 12, 22))
    assert world.now < after.next_wake_at


async def test_the_end_of_a_list_moves_with_its_duties_and_its_close_does_not(world: World) -> None:
    month, closes = uuid4(), datetime(2026, 2, 23, 17, 0, tzinfo=UTC)
    await world.rows(
        "INSERT INTO agency_months (id, authority_id, agency_id, month, state, opens_on, nominal_end,"
        " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :a, :g, '2026-01', 'open',"
        " '2026-01-27', '2026-01-31', '2026-02-02', :closes, 0, 2, :now, '{}') RETURNING id",
        id=month, a=world.authority, g=world.culture, closes=closes, now=world.now,
    )  # fmt: skip
    await world.step("open_month", month, subject="agency_month", listed=2)
    await load(world, calendar=proclaimed(date(2026, 2, 2), date(2026, 2, 7)))
    done = await again(world)
    duties = await world.rows("SELECT * FROM duties WHERE agency_month_id = :m", m=month)
    assert done.moved == len(duties) > 0
    assert {(d.nominal_due_on, d.due_on) for d in duties} == {(date(2026, 1, 31), date(2026, 2, 3))}
    row = await world.one("SELECT * FROM agency_months WHERE id = :m", m=month)
    assert (row.nominal_end, row.rolled_end, row.closes_at) == (date(2026, 1, 31), date(2026, 2, 3), closes)
    assert row.next_wake_at == min(d.next_wake_at for d in duties)
    events = await world.rows("SELECT * FROM events WHERE stream_id = :m AND kind = 'duty.moved'", m=month)
    assert len(events) == len(duties)


async def test_a_period_of_policy_keeps_its_length_and_follows_the_calendar(world: World) -> None:
    profile = await world.employ(until="review")
    pending = await world.pending(profile)
    fields = (ReturnedField(path="gender", reason="sai"),)
    back = ReturnForCorrection(revision_id=pending.revision_id, fields=fields, reason="sửa lại")
    assert (await world.ask("culture.approver", back, profile)).status == 200
    before = await world.one("SELECT * FROM duties WHERE profile_id = :p AND state = 'open'", p=profile)
    assert before.due_on == date(2025, 12, 8)
    law = in_force("hanoi", NOW.date())
    await load(world, law=longer(law, 9), on=date(2025, 11, 1))
    assert (await again(world)).moved == 0
    await load(world, calendar=proclaimed())
    assert (await again(world)).moved == 1
    after = await duty(world, before.id)
    assert (after.due_on, after.facts["policy"]) == (date(2025, 12, 9), True)


async def test_the_survey_says_the_same_and_writes_nothing(world: World) -> None:
    _, before = await noticed(world, date(2025, 12, 1))
    async with transaction(world.tools.engine, world.scope) as connection:
        basis = await basis_of(connection, world.tools.shelf, world.authority, calendar=proclaimed())
        found = [one async for one in survey(connection, basis)]
    assert [(one.before.duty.id, one.due[1]) for one in found if one.moved] == [
        (before.id, date(2025, 12, 9))
    ]
    assert (await duty(world, before.id)).due_on == before.due_on
    await load(world, calendar=proclaimed())
    await again(world)
    assert (await duty(world, before.id)).due_on == date(2025, 12, 9)


async def many(world: World, count: int) -> dict[UUID, date]:
    """Profiles by copy, each with one duty to update; answers the event day of every duty."""
    profile, one = await noticed(world, date(2025, 12, 1))
    row = (await world.one("SELECT * FROM profiles WHERE id = :p", p=profile))._fields
    row = [name for name in row if name not in ("name_key", "name_back")]  # PostgreSQL makes them
    columns = ", ".join(row)
    events: dict[UUID, date] = {}
    people, duties = [], []
    days: dict[date, date] = {}
    for n in range(count):
        changed_on = date(2025, 11, 10) + timedelta(days=n % 60)
        found = days.get(changed_on) or reckon_update(changed_on, Calendar.seed())
        days[changed_on] = found
        person, owed = uuid4(), uuid4()
        events[owed] = changed_on
        people.append({"new": person, "n": f"copy-{n}", "old": profile})
        duties.append({"new": owed, "p": person, "old": one.id, "on": changed_on, "due": found})
    others = {"id": ":new", "id_number_index": "decode(md5(:n), 'hex')", "staff_number": ":n",
              "account_id": "NULL", "last_event": "0", "last_hash": "repeat('0', 64)", "foretold": "'[]'",
              "approved_revision_id": "NULL", "pending_revision_id": "NULL"}  # fmt: skip
    chosen = ", ".join(others.get(name, name) for name in row)
    async with transaction(world.tools.engine, world.scope) as connection:
        copy = f"INSERT INTO profiles ({columns}) SELECT {chosen} FROM profiles WHERE id = :old"
        await connection.execute(text(copy), people)
        kept = [name for name in (await duty(world, one.id))._fields if name != "returned"]  # likewise
        given = {"id": ":new", "profile_id": ":p", "event_on": ":on", "due_on": ":due",
                 "nominal_due_on": ":due",
                 "due_at": "(CAST(:due AS date) + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'"}  # fmt: skip
        picked = ", ".join(given.get(name, name) for name in kept)
        copy = f"INSERT INTO duties ({', '.join(kept)}) SELECT {picked} FROM duties WHERE id = :old"
        await connection.execute(text(copy), duties)
    return events


@pytest.mark.parametrize("count", [1_000, pytest.param(5_000, marks=pytest.mark.exhaustive)])
async def test_thousands_of_duties_equal_brute_force(world: World, count: int) -> None:
    """Law and calendar at once, the run cut off in the middle and begun anew."""
    seed = Calendar.seed()
    found: dict[tuple[date, str, str], date] = {}

    def slow(on: date, years: Calendar, under: RuleSet) -> date:
        key = (on, years.hash, under.hash)
        found[key] = found.get(key) or reckon_update(on, years, under)
        return found[key]

    events = await many(world, count)
    law = in_force("hanoi", NOW.date())
    changed, calendar = longer(law, 6), proclaimed()
    start = date(2025, 12, 20)
    await load(world, calendar=calendar, law=changed, on=start)
    began = datetime.now(UTC)
    await _cut(world, at=count * 3 // 10)
    done = await again(world)
    seconds = (datetime.now(UTC) - began).total_seconds()
    rows = {row.id: row for row in await world.rows("SELECT * FROM duties WHERE state = 'open'")}
    opened = NOW.date()
    for owed, on in events.items():
        under = changed if max(on, opened) >= start else law
        assert rows[owed].due_on == slow(on, calendar, under), on
        assert (rows[owed].rule_set_hash, rows[owed].calendar_hash) == (under.hash, calendar.hash)
    moved = sum(rows[d].due_on != slow(on, seed, law) for d, on in events.items())
    written = await world.one("SELECT count(*) AS n FROM events WHERE kind = 'duty.moved'")
    assert moved > count / 4
    assert moved <= written.n <= moved + 3
    print(f"{count} duties, {moved} moved, {seconds:.1f} s, {done}")


async def _cut(world: World, at: int) -> None:
    class _CutError(Exception):
        pass

    def beat(done: Recomputed) -> None:
        if done.seen >= at:
            raise _CutError

    with pytest.raises(_CutError):
        await again(world, beat=beat)
