"""Reminders and escalations: on which day, to whom, and how many; policy, but its dates come from the law."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from models.calendar import Calendar, start_of_day
from models.commands import GiveNotice
from models.lifecycle.duties import NIGHT, ladder, next_wake, spread
from models.lifecycle.life import Chapter, Duty, Life
from models.lifecycle.month import open_month
from models.lifecycle.noticing import give_notice
from models.lifecycle.outcome import Outcome
from models.lifecycle.wake import after, profile_wake, wake_month, wake_profile, wake_transfer
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CASE,
    CITY,
    CULTURE,
    DEPARTMENT,
    MONTH,
    OFFICER,
    PROFILE,
    agency_month,
    duty,
    event,
    life,
    opened,
    scene,
    transfer,
    wake_day,
)

MONDAY = date(2025, 12, 1)
Sent = tuple[date, str, UUID, str | None, UUID | None]


def owing(changed_on: date, opened_on: date | None = None) -> Life:
    """Somebody who was told on ``opened_on`` of a change and does nothing about it."""
    body = GiveNotice(kind="salary", changed_on=changed_on, document="5/QĐ")
    out = give_notice(life(), body, scene(opened_on or changed_on))
    return life(duties=(opened(out, "update_after_change").duty,))


def nights(state: Life, until: date) -> Iterator[Sent]:
    """Wake the profile whenever it asks to be woken, and tell what it sends."""
    number = 0
    while (at := profile_wake(state, Outcome(), PROFILE)) is not None and wake_day(at) <= until:
        number += 1
        told = replace(scene(wake_day(at), act=f"wake{number}"), now=at, actor_id=None, actor_role="system")
        out = wake_profile(state, told)
        for n in out.notices:
            yield wake_day(at), n.kind, n.agency_id, n.role, n.account_id
        state = replace(state, duties=after(state.duties, out))
        again = profile_wake(state, Outcome(), PROFILE)
        assert again is None or again > at, "a wake asks for a later one"


PERSON_REMINDED = ("reminder", CULTURE, None, ACCOUNT)
HEAD = ("escalation", CULTURE, "head", None)
MANAGING = ("escalation", CITY, "head", None)
SO_NOI_VU = ("escalation", DEPARTMENT, "department_officer", None)


@pytest.mark.rule("hanoi.art6.3")
def test_a_missed_change_climbs_from_the_person_to_the_department() -> None:
    """Changed on Monday 1 December, due on Monday the 8th, never answered."""
    assert list(nights(owing(MONDAY), date(2026, 12, 31))) == [
        (date(2025, 12, 4), *PERSON_REMINDED),
        (date(2025, 12, 8), *PERSON_REMINDED),
        (date(2025, 12, 9), *PERSON_REMINDED),
        (date(2025, 12, 9), *HEAD),
        (date(2025, 12, 11), *MANAGING),
        (date(2025, 12, 15), *SO_NOI_VU),
    ]


@pytest.mark.rule("hanoi.art6.3")
def test_the_ladder_counts_working_days_over_the_new_year_swap() -> None:
    """Due on Wednesday 7 January 2026; Saturday the 10th is worked."""
    assert [sent[0] for sent in nights(owing(date(2025, 12, 29)), date(2026, 12, 31))] == [
        date(2026, 1, 5),
        date(2026, 1, 7),
        date(2026, 1, 8),
        date(2026, 1, 8),
        date(2026, 1, 10),
        date(2026, 1, 13),
    ]


def test_over_tet_nobody_is_reminded_on_the_days_off() -> None:
    """Changed on Friday 13 February 2026, due on the 27th: all of it after Tết."""
    days = [sent[0] for sent in nights(owing(date(2026, 2, 13)), date(2026, 12, 31))]
    assert days[:2] == [date(2026, 2, 25), date(2026, 2, 27)]


def test_nothing_is_said_again_on_the_day_the_duty_was_opened() -> None:
    """Told on Thursday 4 December, the day of the first reminder: the notice itself said it."""
    days = [sent[0] for sent in nights(owing(MONDAY, date(2025, 12, 4)), date(2025, 12, 8))]
    assert days == [date(2025, 12, 8)]


@pytest.mark.parametrize("opened_on", [date(2025, 12, 5), date(2025, 12, 6)])
def test_opened_between_two_steps_it_waits_for_the_next(opened_on: date) -> None:
    days = [sent[0] for sent in nights(owing(MONDAY, opened_on), date(2025, 12, 8))]
    assert days == [date(2025, 12, 8)]


def test_opened_with_its_dates_past_it_sends_one_message_only() -> None:
    body = GiveNotice(kind="salary", changed_on=MONDAY, document="5/QĐ")
    out = give_notice(life(), body, scene(date(2026, 3, 2)))
    assert [n.kind for n in out.notices] == ["duty_opened_late"]
    assert list(nights(life(duties=after((), out)), date(2027, 12, 31))) == []


def test_opened_late_but_before_the_last_steps_only_those_ahead_follow() -> None:
    sent = list(nights(owing(MONDAY, date(2025, 12, 12)), date(2026, 12, 31)))
    assert sent == [(date(2025, 12, 15), *SO_NOI_VU)]


def test_a_wake_slept_through_sends_the_highest_step_and_no_pile() -> None:
    state = owing(MONDAY)
    out = wake_profile(state, scene(date(2026, 1, 20)))
    assert [(n.kind, n.agency_id, n.role) for n in out.notices] == [
        ("escalation", DEPARTMENT, "department_officer")
    ]
    assert event(out, "duty.overdue").facts["due"] == "2025-12-08"
    assert profile_wake(replace(state, duties=after(state.duties, out)), Outcome(), PROFILE) is None


@pytest.mark.parametrize(
    ("day", "overdue", "first"),
    [(date(2025, 12, 8), False, False), (date(2025, 12, 9), True, True), (date(2025, 12, 11), True, False)],
)
def test_overdue_is_said_once_and_only_after_the_last_day(day: date, overdue: bool, first: bool) -> None:
    state = owing(MONDAY)
    owed = state.duties[0]
    climbed = {8: 1, 9: 2, 11: 4}[day.day]
    owed = replace(owed, ladder_step=climbed, next_wake_at=start_of_day(day))
    out = wake_profile(replace(state, duties=(owed,)), scene(day))
    assert {n.facts["overdue"] for n in out.notices} == {overdue}
    assert [e.kind for e in out.events].count("duty.overdue") == first


def test_every_message_is_marked_policy_and_cites_the_law_of_its_duty() -> None:
    state = owing(MONDAY)
    out = wake_profile(state, scene(date(2025, 12, 9)))
    for told in out.notices:
        assert told.facts["policy"] is True
        assert "Điều 6.3" in str(told.citation)
        assert (told.due_on, told.duty_id) == (date(2025, 12, 8), state.duties[0].id)
    assert {e.rule_id for e in out.events} == {"hanoi.art6.3"}


def test_a_duty_of_the_agency_reminds_whoever_holds_the_post() -> None:
    owed = duty("personal_account", party="hr_officer", next_wake_at=start_of_day(date(2025, 12, 5)))
    out = wake_profile(life(Chapter.ACCOUNT, duties=(owed,)), scene(date(2025, 12, 5)))
    assert [(n.kind, n.agency_id, n.role, n.account_id) for n in out.notices] == [
        ("reminder", CULTURE, "hr_officer", None)
    ]


def test_without_a_department_the_managing_agency_hears() -> None:
    owed = replace(owing(MONDAY).duties[0], ladder_step=5, next_wake_at=start_of_day(date(2025, 12, 15)))
    out = wake_profile(life(duties=(owed,)), scene(date(2025, 12, 15), department_id=None))
    assert [(n.agency_id, n.role) for n in out.notices] == [(CITY, "department_officer")]


def test_a_duty_not_yet_due_for_a_step_is_left_alone() -> None:
    state = owing(MONDAY)
    assert wake_profile(state, scene(date(2025, 12, 3))).empty
    assert wake_profile(life(duties=(duty(next_wake_at=None),)), scene(date(2026, 1, 5))).empty


def test_a_wake_too_early_asks_for_the_right_day() -> None:
    """The due date moved later while the timer slept."""
    owed = replace(owing(MONDAY).duties[0], next_wake_at=start_of_day(date(2025, 12, 2)))
    out = wake_profile(life(duties=(owed,)), scene(date(2025, 12, 2)))
    assert out.notices == []
    ((step, at),) = out.touched.values()
    assert (step, wake_day(at)) == (0, date(2025, 12, 4))


def test_without_its_calendar_year_the_ladder_is_silent() -> None:
    owed = duty(due_on=date(2027, 12, 31))
    empty = scene(MONDAY, calendar=Calendar(years=()))
    assert ladder(owed, empty) == []
    assert next_wake(owed, empty, PROFILE) is None
    assert ladder(duty(due_on=None), scene(MONDAY)) == []


# --- cases and months have ladders of their own


def test_a_transfer_reminds_its_sides_and_leaves_the_person_alone() -> None:
    at = start_of_day(date(2025, 12, 5))
    of_case = duty("transfer_receive", case_id=CASE, party="hr_officer", agency_id=OFFICER, next_wake_at=at)
    state = life(Chapter.TRANSFER, case=transfer("handed_over"), duties=(of_case, duty(next_wake_at=at)))
    out = wake_transfer(state, transfer("handed_over"), scene(date(2025, 12, 5)))
    assert list(out.touched) == [of_case.id]
    assert [(n.agency_id, n.role) for n in out.notices] == [(OFFICER, "hr_officer")]
    assert list(wake_profile(state, scene(date(2025, 12, 5))).touched) == [duty().id]


@pytest.mark.rule("hanoi.art7")
def test_a_month_reminds_its_approver() -> None:
    month = agency_month()
    out = open_month(month, 3, start_of_day(date(2026, 1, 1)), scene(date(2025, 12, 27), hour=0))
    owed = opened(out, "approval_window", signature="authority_digital").duty
    assert wake_day(owed.next_wake_at) == date(2025, 12, 29)
    out = wake_month(agency_month(duties=(owed,), counts={"listed": 3}), scene(date(2025, 12, 29)))
    assert [(n.kind, n.agency_id, n.role) for n in out.notices] == [("reminder", CULTURE, "approver")]
    assert "6187/QĐ-UBND, Điều 7;" in str(out.notices[0].citation)
    assert owed.agency_month_id == MONTH


# --- the hour of the night


def test_wakes_are_spread_over_the_night_the_same_for_the_same_subject() -> None:
    found = [spread(UUID(int=n * 7919)) for n in range(500)]
    assert all(timedelta(0) <= one < NIGHT for one in found)
    assert len({one // timedelta(hours=1) for one in found}) == 6
    assert spread(PROFILE) == spread(PROFILE)


def test_a_wake_is_the_subjects_own_minute_of_its_day() -> None:
    owed: Duty = owing(MONDAY).duties[0]
    assert owed.next_wake_at == start_of_day(date(2025, 12, 4)) + spread(PROFILE)


def test_the_date_of_a_duty_stands_when_its_rule_has_changed() -> None:
    """A rule altered later moves nothing by itself: recomputation is an act of its own."""
    law = in_force("hanoi", MONDAY).without("hanoi.art6.3")
    out = wake_profile(owing(MONDAY), scene(date(2025, 12, 4), law=law))
    assert out.notices[0].due_on == date(2025, 12, 8)
