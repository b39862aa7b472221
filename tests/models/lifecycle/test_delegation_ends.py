"""Agreeing to, announcing and ending a delegation: every yes and every refusal."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from models.access import Grant
from models.commands import AgreeDelegation, RevokeDelegation
from models.errors import RefusedError
from models.lifecycle.delegation import Lent, agree, revoke, wake
from tests.models.lifecycle.lending import (
    DAY,
    DEPUTY,
    HEAD,
    SINCE,
    THIRD,
    actor,
    body,
    given,
    giving,
    law,
    lent,
)
from tests.models.lifecycle.scenes import CALENDAR, CITY, CULTURE, DEPARTMENT, scene

# --- the department's agreement


def test_where_the_law_asks_for_an_agreement_it_waits_for_it() -> None:
    at = scene(DAY, law=law(delegation_agreement="II.4.b"))
    out = given(at=at)
    assert out.subject["state"] == "waiting"
    (notice,) = out.notices
    assert (notice.kind, notice.agency_id, notice.role) == (
        "delegation_waiting",
        DEPARTMENT,
        "department_officer",
    )
    assert notice.citation is not None
    assert "II.4.b" in notice.citation
    agreed = agree(lent(state="waiting"), AgreeDelegation(document="9/SNV"), at)
    assert agreed.subject["state"] == "granted"
    assert agreed.subject["agreed_on"] == DAY
    assert {one.account_id for one in agreed.notices} == {HEAD, DEPUTY}
    assert agreed.events[0].citation is not None
    assert "II.4.b" in agreed.events[0].citation


@pytest.mark.parametrize("one", [lent(), lent(state="ended"), lent(state="waiting", valid_to=DAY)])
def test_only_what_waits_is_agreed_to(one: Lent) -> None:
    with pytest.raises(RefusedError) as caught:
        agree(one, AgreeDelegation(document="9/SNV"), scene(DAY))
    assert caught.value.refusal.code == "wrong-state"


# --- the end


@pytest.mark.parametrize(("who", "reason"), [(HEAD, "revoked"), (CITY, "revoked"), (DEPUTY, "renounced")])
def test_it_ends_at_once_and_what_rests_on_it_hears(who: UUID, reason: str) -> None:
    out = revoke(lent(children=(THIRD,)), RevokeDelegation(reason="không cần nữa"), scene(DAY, actor_id=who))
    assert (out.subject["state"], out.subject["end_reason"]) == ("ended", reason)
    assert out.subject["next_wake_at"] is None
    assert {one.account_id for one in out.notices} == {HEAD, DEPUTY}
    assert out.tell == [(f"delegation/{THIRD}", {})]


def test_what_has_ended_is_not_ended_again() -> None:
    with pytest.raises(RefusedError) as caught:
        revoke(lent(state="ended"), RevokeDelegation(reason="không cần"), scene(DAY))
    assert caught.value.refusal.code == "wrong-state"


def test_both_are_told_three_working_days_before_the_end_and_at_the_end() -> None:
    one = lent(valid_to=date(2026, 3, 23))  # the last day is Sunday the 22nd
    assert CALENDAR.subtract_working_days(date(2026, 3, 22), 3) == date(2026, 3, 18)
    early = wake(one, scene(date(2026, 3, 17), hour=23))
    assert (early.notices, early.subject["warned"]) == ([], False)
    warning = wake(one, scene(date(2026, 3, 18), hour=6))
    assert [(n.kind, n.due_on) for n in warning.notices] == [("delegation_ending", date(2026, 3, 22))] * 2
    assert {n.account_id for n in warning.notices} == {HEAD, DEPUTY}
    again = wake(replace(one, warned=True), scene(date(2026, 3, 19)))
    assert again.notices == []
    assert str(again.subject["next_wake_at"]).startswith("2026-03-22")  # the 23rd, at night in Viet Nam
    over = wake(replace(one, warned=True), scene(date(2026, 3, 23), hour=6))
    assert (over.subject["state"], over.subject["end_reason"]) == ("ended", "expired")
    assert [n.kind for n in over.notices] == ["delegation_ended"] * 2


def test_a_short_one_is_not_announced_as_ending() -> None:
    out = given(what=body(valid_to=DAY + timedelta(days=2)))
    assert out.subject["warned"] is True


def test_a_missing_calendar_year_falls_back_to_calendar_days() -> None:
    far = given(
        giving(actor=actor(Grant("head", CULTURE, SINCE))), body(valid_to=date(2080, 6, 1)), scene(DAY)
    )
    assert str(far.subject["next_wake_at"]).startswith("2080-05-2")


@pytest.mark.parametrize("over", [True, False])
def test_it_ends_itself_when_it_is_worth_nothing_any_more(over: bool) -> None:
    gone = lent().standing if not over else replace(lent().standing, over=True)
    gone = gone if over else replace(gone, delegator=actor(Grant("hr_officer", CULTURE, SINCE)))
    out = wake(lent(standing=gone), scene(DAY))
    assert out.subject["end_reason"] == "not_in_force"
    assert wake(lent(state="ended"), scene(DAY)).empty


def test_what_is_still_to_begin_is_not_ended_before() -> None:
    begins = DAY + timedelta(days=10)
    later = replace(lent().standing, valid_from=begins)
    out = wake(lent(valid_from=begins, standing=later), scene(DAY))
    assert "state" not in out.subject
    waiting = wake(lent(state="waiting", standing=replace(later, over=True)), scene(DAY))
    assert "state" not in waiting.subject
