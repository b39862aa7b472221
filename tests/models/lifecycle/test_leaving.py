"""Leaving under each law: who changes the status by when, what is owed to the national database."""

from dataclasses import replace
from datetime import date

import pytest

from models.commands import ConfirmMoveOut, Separate
from models.lifecycle.life import AccountState, Chapter
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.separation import archive, confirm, separate, status_rule
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    CASE,
    CULTURE,
    DEPARTMENT,
    changed,
    duty,
    event,
    life,
    opened,
    refused,
    scene,
    separation,
)

MONDAY = date(2026, 3, 2)
KINDS = ("moved_out", "retired", "resigned", "dismissed", "downsized", "contract_ended", "deceased")


def desk(authority: str, day: date = MONDAY) -> Scene:
    law = in_force(authority, MONDAY, simulate=["phu_yen_2024"] if authority == "phu_yen" else [])
    return scene(day, law=law, facts={"category": "civil_servant", "agency": "subordinate"})


def gone(authority: str, kind: str = "retired", effective_on: date = MONDAY, **changes: object) -> Outcome:
    body = Separate(kind=kind, effective_on=effective_on, document="3/QĐ", **changes)
    return separate(life(), body, desk(authority))


@pytest.mark.rule("moha.art8.4.a")
@pytest.mark.parametrize("kind", ["moved_out", "retired", "resigned", "dismissed", "deceased"])
@pytest.mark.parametrize(("effective_on", "late"), [(date(2026, 2, 9), 0), (date(2026, 2, 6), 1)])
def test_ten_working_days_from_the_effect_to_change_the_status(
    kind: str, effective_on: date, late: int
) -> None:
    told = event(gone("moha", kind, effective_on), "separation.effective")
    assert told.rule_id == "moha.art8.4.a"
    assert (told.facts["owed_by"], told.facts["late_days"]) == ("hr_officer", late)
    assert told.facts.get("signature") is None


@pytest.mark.rule("binh_dinh.II.5.b")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("effective_on", "late"), [(date(2026, 2, 25), 0), (date(2026, 2, 24), 1)])
def test_three_working_days_from_the_effect_to_change_the_status(
    kind: str, effective_on: date, late: int
) -> None:
    told = event(gone("binh_dinh", kind, effective_on), "separation.effective")
    assert told.rule_id == "binh_dinh.II.5.b"
    assert (told.facts["owed_by"], told.facts["late_days"]) == ("hr_officer", late)
    assert told.facts.get("signature") is None


@pytest.mark.rule("phu_yen.art12.5")
def test_a_text_without_a_period_holds_no_day_against_anybody() -> None:
    out = gone("phu_yen", effective_on=date(2026, 1, 5))
    told = event(out, "separation.effective")
    assert (told.rule_id, "late_days" in told.facts) == ("phu_yen.art12.5", False)
    assert told.facts.get("signature") is None
    (status,) = (one for one in out.answer["steps"] if one["step"] == "status")
    assert (status["by"], status["due_on"], status["policy"]) == ("hr_officer", None, False)


@pytest.mark.parametrize("kind", ["downsized", "contract_ended"])
def test_a_kind_of_leaving_the_text_does_not_name_has_no_period(kind: str) -> None:
    assert status_rule(kind, desk("moha")) is None
    told = event(gone("moha", kind, date(2026, 1, 5)), "separation.effective")
    assert (told.rule_id, told.facts) == (None, {"case": told.facts["case"], "kind": kind})


@pytest.mark.parametrize("authority", ["hanoi", "phu_yen", "moha", "binh_dinh"])
@pytest.mark.parametrize("kind", KINDS)
def test_access_ends_at_once_everywhere_and_says_by_which_right(authority: str, kind: str) -> None:
    out = gone(authority, kind)
    assert changed(out, "accounts") == {"state": AccountState.CANCELLED}
    told = event(out, "access.cancelled")
    (step,) = (one for one in out.answer["steps"] if one["step"] == "access")
    assert (told.rule_id is None) == bool(told.facts.get("policy")) == step["policy"] == (kind != "moved_out")
    if kind == "moved_out":
        assert "TT 06/2023/TT-BNV, Quy chế, Điều 11.1.a" in (told.citation or "")


def test_the_answer_says_what_leaving_takes() -> None:
    steps = gone("hanoi", "moved_out", covered_by_national_database=True).answer["steps"]
    assert [one["step"] for one in steps] == ["status", "access", "move_out_report", "archive"]
    assert [one["policy"] for one in steps] == [False] * 4
    assert [one["step"] for one in gone("hanoi").answer["steps"]] == ["status", "access", "archive"]
    assert gone("moha").answer["steps"][0]["due_on"] == "2026-03-16"


# --- the national database


@pytest.mark.rule("moha.art8.4.b")
def test_the_department_moves_the_national_record_within_ten_working_days() -> None:
    out = gone("moha", "moved_out", covered_by_national_database=True)
    found = opened(out, "national_transfer")
    assert (found.duty.party, found.duty.agency_id) == ("department_officer", DEPARTMENT)
    assert (found.duty.event_on, found.duty.due_on) == (MONDAY, date(2026, 3, 16))
    assert found.duty.rule_id == "moha.art8.4.b"
    assert [one["step"] for one in out.answer["steps"]] == [
        "status",
        "access",
        "national_transfer",
        "archive",
    ]


@pytest.mark.parametrize(("told", "closed"), [(True, ["met"]), (False, [])])
def test_telling_the_national_database_is_the_transfer_and_nothing_else_is(
    told: bool, closed: list[str]
) -> None:
    owed = duty("national_transfer", case_id=CASE, party="department_officer")
    state = life(Chapter.SEPARATION, case=separation("effective", "moved_out"), duties=(owed,))
    out = archive(state, told_national=told, scene=desk("moha"))
    assert [c.state for c in out.closed] == closed


@pytest.mark.parametrize("chapter", [Chapter.SEPARATION, Chapter.ARCHIVE])
def test_what_was_done_by_hand_is_confirmed_also_after_the_archive(chapter: Chapter) -> None:
    owed = duty("national_transfer", agency_id=CULTURE, due_on=date(2026, 2, 26), party="department_officer")
    state = life(chapter, duties=(owed,))
    out = confirm(state, ConfirmMoveOut(duty_id=owed.id, document="5/BC"), desk("moha"))
    assert [(c.duty_id, c.state, c.late_days) for c in out.closed] == [(owed.id, "met", 2)]
    with refused("not-found"):
        confirm(replace(state, duties=()), ConfirmMoveOut(duty_id=owed.id, document="5/BC"), desk("moha"))


def test_before_anybody_left_there_is_nothing_to_confirm() -> None:
    owed = duty("national_transfer")
    with refused("wrong-state"):
        confirm(life(duties=(owed,)), ConfirmMoveOut(duty_id=owed.id, document="5/BC"), desk("moha"))
