"""Secondment: custody stays, access is shared for a time, ends by itself, and is announced before."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from models.commands import AcceptTransfer, EndSecondment, Second, Separate
from models.lifecycle import transfer
from models.lifecycle.life import Chapter, Life, Share
from models.lifecycle.scene import Scene
from models.lifecycle.secondment import end, second, share_wake
from models.lifecycle.separation import separate
from models.lifecycle.wake import profile_wake, wake_profile
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CULTURE,
    HEALTH,
    PROFILE,
    changed,
    event,
    inserted,
    life,
    notice,
    refused,
    scene,
    separation,
    wake_day,
)
from tests.models.lifecycle.scenes import transfer as open_case

MONDAY = date(2026, 3, 2)
LAST = date(2026, 6, 30)
SHARE = Share(
    UUID(int=90), "secondment", CULTURE, HEALTH, MONDAY, date(2026, 7, 1), "running", 0, date(2026, 6, 2)
)


def desk(authority: str = "hanoi", day: date = MONDAY) -> Scene:
    law = in_force(authority, MONDAY, simulate=["phu_yen_2024"] if authority == "phu_yen" else [])
    return scene(day, law=law, facts={"category": "civil_servant", "agency": "subordinate"})


def seconding(**changes: object) -> Second:
    given = {
        "to_agency_id": HEALTH,
        "decided_on": MONDAY,
        "starts_on": MONDAY,
        "ends_on": LAST,
        "document": "5/QĐ",
    }
    return Second(**{**given, **changes})


def seconded(**changes: object) -> Life:
    return life(share=replace(SHARE, **changes))


def test_the_host_gets_access_and_custody_stays() -> None:
    out = second(life(), seconding(), desk())
    row = inserted(out, "shares")
    assert (row["from_agency_id"], row["agency_id"], row["state"]) == (CULTURE, HEALTH, "running")
    assert (row["starts_on"], row["ends_on"]) == (MONDAY, date(2026, 7, 1))
    assert (out.subject, [w.table for w in out.writes]) == ({}, ["shares"])
    assert notice(out, "secondment_begins").agency_id == HEALTH
    # 20 working days before Tuesday 30 June 2026
    assert wake_day(profile_wake(life(), out, PROFILE)) == row["next_on"] == date(2026, 6, 2)


def test_a_secondment_ahead_begins_on_its_day() -> None:
    ahead = date(2026, 3, 9)
    out = second(life(), seconding(starts_on=ahead), desk())
    assert (inserted(out, "shares")["state"], inserted(out, "shares")["next_on"]) == ("ahead", ahead)
    state = seconded(state="ahead", starts_on=ahead, next_on=ahead)
    assert wake_profile(state, desk(day=date(2026, 3, 8))).writes == []
    begun = wake_profile(state, desk(day=ahead))
    assert changed(begun, "shares") == {"state": "running", "warned": 0, "next_on": date(2026, 6, 2)}
    assert event(begun, "secondment.began").facts == {"share": str(SHARE.id)}


def test_its_end_is_announced_twice_to_both_sides_and_the_person() -> None:
    first = wake_profile(seconded(), desk(day=date(2026, 6, 2)))
    assert changed(first, "shares") == {"state": "running", "warned": 1, "next_on": date(2026, 6, 23)}
    told = [n for n in first.notices if n.kind == "secondment_ending"]
    assert [(n.agency_id, n.account_id) for n in told] == [
        (CULTURE, None),
        (HEALTH, None),
        (CULTURE, ACCOUNT),
    ]
    assert {n.due_on for n in told} == {LAST}
    assert event(first, "secondment.ending").facts["policy"] is True
    second_ = wake_profile(seconded(warned=1, next_on=date(2026, 6, 23)), desk(day=date(2026, 6, 23)))
    assert changed(second_, "shares") == {"state": "running", "warned": 2, "next_on": date(2026, 7, 1)}


def test_it_ends_by_itself_after_its_last_day() -> None:
    state = seconded(warned=2, next_on=date(2026, 7, 1))
    assert wake_profile(state, desk(day=LAST)).writes == []
    out = wake_profile(state, desk(day=date(2026, 7, 1)))
    assert (changed(out, "shares")["state"], changed(out, "shares")["reason"]) == ("ended", "term")
    assert {n.agency_id for n in out.notices if n.kind == "secondment_ended"} == {CULTURE, HEALTH}
    assert share_wake(state, out) is None


def test_the_home_agency_ends_it_before() -> None:
    out = end(seconded(), EndSecondment(reason="rút về"), desk())
    assert changed(out, "shares")["reason"] == "rút về"
    with refused("wrong-state"):
        end(life(), EndSecondment(reason="rút về"), desk())


def test_leaving_and_moving_end_it() -> None:
    gone = separate(seconded(), Separate(kind="retired", effective_on=MONDAY, document="3/QĐ"), desk())
    assert changed(gone, "shares")["reason"] == "retired"
    case = open_case("handed_over")
    moved = transfer.accept(
        replace(seconded(), chapter=Chapter.TRANSFER, case=case), case, AcceptTransfer(), desk()
    )
    assert changed(moved, "shares")["reason"] == "transferred"


def test_where_next_year_has_no_calendar_it_still_ends_by_itself() -> None:
    out = second(life(), seconding(ends_on=date(2040, 1, 1)), desk())
    assert inserted(out, "shares")["next_on"] == date(2040, 1, 2)


@pytest.mark.parametrize(
    ("state", "changes", "code"),
    [
        (life(case=open_case()), {}, "transfer-open"),
        (life(case=separation()), {}, "separation-open"),
        (life(Chapter.DECLARATION), {}, "wrong-state"),
        (seconded(), {}, "wrong-state"),
        (life(), {"to_agency_id": CULTURE}, "malformed-request"),
        (life(), {"ends_on": date(2026, 3, 1)}, "impossible-date"),
        (life(), {"starts_on": date(2026, 2, 2), "ends_on": date(2026, 2, 27)}, "impossible-date"),
        (life(), {"decided_on": date(2026, 3, 3)}, "future-date"),
    ],
)
def test_what_is_refused(state: Life, changes: dict[str, object], code: str) -> None:
    with refused(code):
        second(state, seconding(**changes), desk())


@pytest.mark.rule("phu_yen.art16.5")
def test_the_data_of_seconded_people_are_managed_too() -> None:
    out = second(life(), seconding(), desk("phu_yen"))
    told = event(out, "secondment.decided")
    assert (told.rule_id, told.facts.get("signature"), told.facts["late_days"]) == (
        "phu_yen.art16.5",
        None,
        0,
    )
    rule = desk("phu_yen").rule("secondment")
    assert rule is not None
    assert rule.party == "top_agency"


@pytest.mark.rule("moha.art8.2.c")
@pytest.mark.parametrize(("decided", "late"), [(date(2026, 1, 12), 0), (date(2026, 1, 9), 2)])
def test_the_host_has_the_profile_within_thirty_working_days_of_the_decision(
    decided: date, late: int
) -> None:
    out = second(life(), seconding(decided_on=decided), desk("moha"))
    told = event(out, "secondment.decided")
    assert (told.rule_id, told.facts["late_days"], out.answer["late_days"]) == ("moha.art8.2.c", late, late)
