"""A law tried on lives really lived: the law in force gives exactly the duties there are, a draft differs."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from api.reading.simulation_facts import Facts
from models.calendar import Calendar, legal_date
from models.database import engine_for
from models.lifecycle.sidebyside import differences
from models.lifecycle.simulated import Would
from models.lifecycle.simulating import of_month, of_person
from models.regulations import RuleSet, in_force
from tests.api.simulations.lives import collected, live
from tests.world import World, build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
CALENDAR = Calendar.seed()


@pytest.fixture
async def world(module_database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(module_database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), START, second=True)
    await engine.dispose()


def walked(facts: Facts, world: World, law: RuleSet | None = None) -> list[Would]:
    told = facts.world(CALENDAR, world.tools.policy, law)
    found = [duty for person in facts.people for duty in of_person(person, told)]
    return found + [duty for one in facts.lists for duty in of_month(one, told)]


async def real(world: World) -> Counter[Any]:
    """The duties there are, with their days, posts and ends."""
    rows = await world.rows(
        "SELECT profile_id, case_id, agency_month_id, slot, rule_id, citation, party, agency_id,"
        " event_on, due_on, (opened_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS opened_on,"
        " state, met_on FROM duties"
    )
    return Counter(
        (*row[:-2], row.met_on if row.state == "met" else None, row.state) for row in map(_tupled, rows)
    )


class _Row(tuple[Any, ...]):
    state: str
    met_on: date | None


def _tupled(row: Any) -> _Row:
    made = _Row(tuple(row))
    made.state, made.met_on = row.state, row.met_on
    return made


def told(duties: list[Would]) -> Counter[Any]:
    return Counter(
        (
            one.profile_id, one.case_id, one.agency_month_id, one.slot, one.rule_id, one.citation, one.party,
            one.agency_id, one.event_on, one.due_on, one.opened_on, one.done_on,
            "met" if one.done_on else "void" if one.void_on else "open",
        )
        for one in duties
    )  # fmt: skip


async def test_the_law_in_force_gives_exactly_the_duties_there_are(world: World) -> None:
    await live(world)
    facts = await collected(world)
    found, there = told(walked(facts, world)), await real(world)
    assert sum(there.values()) > 30
    assert {one[3] for one in there} >= {
        "personal_account", "intake_account", "intake_pull", "default_password", "first_declaration",
        "intake_check", "update_after_change", "transfer_report", "transfer_receive", "transfer_check",
        "move_out_report", "approval_window", "sync_window",
        "error_notice",
    }  # fmt: skip
    assert {one[-1] for one in there} == {"open", "met", "void"}
    assert (found - there, there - found) == (Counter(), Counter())
    assert differences(walked(facts, world), walked(facts, world)) == []


async def test_an_altered_period_moves_exactly_the_duties_of_that_rule(world: World) -> None:
    await live(world)
    facts = await collected(world)
    law = in_force("hanoi", date(2025, 12, 1))
    other = law.replace("hanoi.art6.3", deadline={"unit": "working_days", "n": 8})
    found = differences(walked(facts, world, law), walked(facts, world, other))
    assert {one.kind for one in found} == {"moved"}
    rows = await world.rows("SELECT 1 FROM duties WHERE rule_id = 'hanoi.art6.3' AND due_on IS NOT NULL")
    assert len(found) == len(rows) > 4
    for one in found:
        assert one.before is not None
        assert one.after is not None
        assert one.before.rule_id == "hanoi.art6.3"
        assert one.before.due_on is not None
        assert one.after.due_on is not None
        assert CALENDAR.working_days_between(one.before.due_on, one.after.due_on) == 3
    before = sum(one.late(legal_date(world.now)) for one in walked(facts, world, law))
    after = sum(one.late(legal_date(world.now)) for one in walked(facts, world, other))
    assert after < before


async def test_the_draft_of_phu_yen_differs_where_the_texts_do(world: World) -> None:
    """A change at once, not within 5 working days; a hand-over at once and a new account, not a report, a
    receipt and a check; a written request for who comes from outside; no default password to change."""
    await live(world)
    facts = await collected(world)
    law = in_force("hanoi", date(2025, 12, 1))
    draft = in_force("phu_yen", date(2025, 12, 1), simulate=["phu_yen_2024"])
    before, after = walked(facts, world, law), walked(facts, world, draft)
    found = differences(before, after)
    slots: dict[str, set[str]] = {}
    for one in found:
        either = one.before or one.after
        assert either is not None
        slots.setdefault(one.kind, set()).add(either.slot)
    assert slots["only_before"] == {
        "default_password", "transfer_report", "transfer_receive", "transfer_check",
        "move_out_report",
    }  # fmt: skip
    assert slots["only_after"] == {
        "intake_request", "intake_account", "transfer_hand_over", "transfer_account",
    }  # fmt: skip
    assert slots["moved"] == {"update_after_change", "intake_pull", "intake_check"}
    assert set(slots) == {"only_before", "only_after", "moved"}
    handed = [one for one in after if one.slot == "transfer_hand_over" and one.done_on is not None]
    assert {one.party for one in handed} == {"hr_officer"}
    moved = [one for one in found if one.kind == "moved" and one.before and one.before.slot[:6] == "update"]
    pairs = [(one.before.due_on, one.after.due_on) for one in moved if one.before and one.after]
    sooner = [now and then and then < now for now, then in pairs]
    assert len(sooner) > 4
    assert all(sooner)
    checked = [one for one in found if one.before and one.before.slot == "intake_check"]
    assert {one.after.rule_id for one in checked if one.after} == {
        rule.id for rule in draft.every("intake_check") if rule.regulation == "phu_yen_2024"
    }


async def test_the_ministry_s_chain_is_walked_with_what_is_assumed_said(world: World) -> None:
    """One signature was given; the steps before it are taken as signed when due, and marked."""
    await live(world)
    facts = await collected(world)
    chain = in_force("moha", date(2025, 12, 1))
    found = walked(facts, world, chain)
    steps = [one for one in found if one.slot in ("review_step", "approval_window") and one.step]
    assert {one.step for one in steps} == {1, 2, 3}
    assert {one.party for one in steps} == {"hr_officer", "hr_head", "head"}
    assert any(one.assumed for one in steps)
    requests = [one for one in found if one.slot == "account_request"]
    assert requests
    assert all(one.assumed for one in requests if one.done_on is not None)
    assert not any(one.assumed for one in walked(facts, world))


async def test_nothing_is_written(world: World) -> None:
    await live(world)
    before = await world.rows("SELECT count(*), max(version) FROM profiles")
    events = await world.rows("SELECT count(*) FROM events")
    facts = await collected(world)
    walked(facts, world, in_force("phu_yen", date(2025, 12, 1), simulate=["phu_yen_2024"]))
    assert await world.rows("SELECT count(*), max(version) FROM profiles") == before
    assert await world.rows("SELECT count(*) FROM events") == events
