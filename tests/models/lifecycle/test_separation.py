"""Leaving: decided now, ahead or cancelled; what ends with it; the archive."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from models.commands import CancelSeparation, Separate
from models.lifecycle.life import AccountState, Approval, Chapter, Life, Status
from models.lifecycle.outcome import Outcome
from models.lifecycle.separation import archive, cancel, look, separate
from models.lifecycle.wake import profile_wake, wake_profile
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CASE,
    CULTURE,
    DEPARTMENT,
    MONTH,
    OFFICER,
    PROFILE,
    agency_month,
    changed,
    duty,
    event,
    inserted,
    life,
    opened,
    refused,
    revision,
    scene,
    separation,
    transfer,
    wake_day,
)

FRIDAY = date(2026, 2, 13)
"""The last working day before Tết 2026."""
SIGNING = Approval(UUID(int=70), revision(2).id, "d", OFFICER, "approver", None, (), 0)


def leaving(kind: str = "retired", effective_on: date = FRIDAY, **changes: object) -> Separate:
    return Separate(kind=kind, effective_on=effective_on, document="3/QĐ", **changes)


def gone(state: Life | None = None, body: Separate | None = None, **scened: object) -> Outcome:
    return separate(state or life(), body or leaving(), scene(FRIDAY, **scened))


# --- refusals


@pytest.mark.parametrize("chapter", [Chapter.SEPARATION, Chapter.ARCHIVE])
def test_nobody_leaves_twice(chapter: Chapter) -> None:
    with refused("wrong-state"):
        gone(life(chapter))


def test_a_case_open_already_is_named() -> None:
    with refused("transfer-open"):
        gone(life(Chapter.TRANSFER, case=transfer()))
    with refused("separation-open"):
        gone(life(case=separation()))


def test_nobody_leaves_while_a_signature_is_being_made() -> None:
    with refused("in-flight"):
        gone(life(approval=SIGNING))


# --- at once


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("retired", Status.RETIRED),
        ("resigned", Status.RESIGNED),
        ("dismissed", Status.DISMISSED),
        ("downsized", Status.DOWNSIZED),
        ("contract_ended", Status.CONTRACT_ENDED),
        ("deceased", Status.DECEASED),
    ],
)
def test_leaving_ends_what_was_owed_and_by_policy_the_access(kind: str, status: Status) -> None:
    owed = duty()
    out = gone(life(duties=(owed,)), leaving(kind))
    assert (out.subject["status"], out.subject["chapter"]) == (status, Chapter.SEPARATION)
    assert [(c.duty_id, c.state, c.reason) for c in out.closed] == [(owed.id, "void", "separated")]
    assert changed(out, "accounts") == {"state": AccountState.CANCELLED}
    assert inserted(out, "sessions_ended") == {"account_id": ACCOUNT}
    ended = event(out, "access.cancelled")
    assert (ended.rule_id, ended.facts) == (None, {"account": str(ACCOUNT), "policy": True})
    assert event(out, "separation.effective").citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.3"
    assert out.opened == []


@pytest.mark.rule("hanoi.art12.3")
def test_leaving_cites_its_article() -> None:
    told = event(gone(), "separation.decided")
    assert (told.rule_id, told.citation) == ("hanoi.art12.3", "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.3")


def test_a_submission_that_waited_goes_back_and_off_the_list() -> None:
    state = life(pending=revision(2, "submitted"))
    out = separate(state, leaving(), scene(FRIDAY), agency_month())
    assert changed(out, "revisions") == {"state": "returned", "returned_fields": [{"reason": "retired"}]}
    assert out.subject["pending_revision_id"] is None
    assert changed(out, "month_items")["state"] == "returned"
    assert (f"month-end/{CULTURE}/2025-12", {"month": MONTH}) in out.tell


@pytest.mark.rule("hanoi.art12.2.1.a", "tt06.art11.1.a")
def test_moving_out_of_the_city_cancels_the_access_under_both_articles() -> None:
    out = gone(body=leaving("moved_out", destination="Tỉnh khác"))
    assert changed(out, "accounts") == {"state": AccountState.CANCELLED}
    assert inserted(out, "sessions_ended") == {"account_id": ACCOUNT}
    told = event(out, "access.cancelled")
    assert told.rule_id == "hanoi.art12.2.1.a"
    assert told.citation == (
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.2 mục 2.1.a; TT 06/2023/TT-BNV, Quy chế, Điều 11.1.a"
    )
    assert told.facts == {"account": str(ACCOUNT), "owed_by": "hr_officer", "late_days": 0}


@pytest.mark.rule("hanoi.art12.2.1.a")
def test_a_move_recorded_late_says_how_late_the_access_was_cancelled() -> None:
    out = gone(body=leaving("moved_out", effective_on=date(2026, 2, 9)))
    told = event(out, "access.cancelled")
    assert told.facts["late_days"] == 3  # by policy due on Tuesday 10 February, recorded on Friday
    assert told.rule_id == "hanoi.art12.2.1.a"


def test_without_a_rule_that_cancels_it_the_access_ends_by_policy() -> None:
    law = in_force("hanoi", FRIDAY).without("hanoi.art12.2.1.a").without("tt06.art11.1.a")
    out = gone(body=leaving("moved_out"), law=law)
    assert event(out, "access.cancelled").facts == {"account": str(ACCOUNT), "policy": True}
    assert event(out, "separation.effective").rule_id == "hanoi.art12.3"
    assert out.subject["status"] is Status.MOVED_OUT


def test_a_mover_without_an_account_has_no_access_to_cancel() -> None:
    out = gone(life(Chapter.ACCOUNT), leaving("moved_out"))
    assert {w.table for w in out.writes} == {"cases"}


@pytest.mark.rule("hanoi.art12.2.1.b")
def test_a_move_covered_by_the_national_database_is_reported_at_once() -> None:
    found = opened(gone(body=leaving("moved_out", covered_by_national_database=True)), "move_out_report")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.nominal_due_on, found.duty.due_on) == (FRIDAY, date(2026, 2, 23))
    assert found.duty.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.2 mục 2.1.b"
    assert found.facts == {}


@pytest.mark.parametrize(("kind", "covered"), [("moved_out", False), ("retired", True)])
def test_other_moves_are_not_reported(kind: str, covered: bool) -> None:
    assert gone(body=leaving(kind, covered_by_national_database=covered)).opened == []


# --- ahead


def test_a_separation_ahead_changes_nothing_until_its_day() -> None:
    state = life(duties=(duty(),))
    out = gone(state, leaving(effective_on=date(2026, 3, 1)))
    assert set(out.subject) == {"case_id"}
    assert (out.closed, [e.kind for e in out.events]) == ([], ["separation.decided"])
    assert wake_day(profile_wake(state, out, PROFILE)) == date(2026, 3, 1)


def test_it_takes_effect_on_its_day_and_not_before() -> None:
    state = life(case=separation(), duties=(duty(),))
    assert wake_profile(state, scene(date(2026, 2, 28), hour=23)).subject == {}
    out = wake_profile(state, scene(date(2026, 3, 1), hour=6))
    assert (out.subject["status"], out.subject["chapter"]) == (Status.RETIRED, Chapter.SEPARATION)
    assert changed(out, "cases") == {"state": "effective", "version": 2}
    assert [c.state for c in out.closed] == ["void"]
    assert profile_wake(state, out, PROFILE) is None


def test_until_then_the_profile_wakes_for_it() -> None:
    state = life(case=separation())
    assert wake_day(profile_wake(state, Outcome(), PROFILE)) == date(2026, 3, 1)


def test_a_signature_still_being_made_fails_when_the_person_leaves() -> None:
    state = life(case=separation(), pending=revision(2, "signing"), approval=SIGNING)
    out = wake_profile(state, scene(date(2026, 3, 1), hour=6))
    assert changed(out, "approvals") == {"state": "failed"}
    assert changed(out, "revisions")["state"] == "returned"


def test_a_separation_ahead_is_taken_back() -> None:
    state = life(case=separation())
    out = cancel(state, CancelSeparation(reason="rút đơn"), scene(FRIDAY))
    assert changed(out, "cases")["state"] == "cancelled"
    assert out.subject == {"case_id": None}
    assert profile_wake(state, out, PROFILE) is None


@pytest.mark.parametrize("case", [None, separation("effective"), transfer()])
def test_only_a_separation_ahead_is_taken_back(case: object) -> None:
    with refused("wrong-state"):
        cancel(life(case=case), CancelSeparation(reason="rút đơn"), scene(FRIDAY))


# --- the archive


@pytest.mark.rule("hanoi.art12.3")
def test_the_archive_closes_the_case_and_deletes_nothing() -> None:
    state = life(
        Chapter.SEPARATION, case=separation("effective"), foretold=(("retirement", date(2040, 1, 31)),)
    )
    out = archive(state, told_national=True, scene=scene(FRIDAY))
    assert out.subject == {"chapter": Chapter.ARCHIVE, "case_id": None, "foretold": []}
    assert (changed(out, "cases")["state"], len(out.writes)) == ("archived", 1)
    told = event(out, "profile.archived")
    assert told.facts == {"case": str(CASE), "told_national": True}
    assert told.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.3"
    assert profile_wake(state, out, PROFILE) is None


@pytest.mark.rule("hanoi.art12.2.1.b")
@pytest.mark.parametrize(
    ("told", "through", "notices"), [(True, "national_database", 0), (False, "department", 1)]
)
def test_a_covered_move_is_reported_to_the_department_one_way_or_the_other(
    told: bool, through: str, notices: int
) -> None:
    """What the national database could not be told goes before the department itself: nothing stays open."""
    owed = duty("move_out_report", case_id=CASE)
    state = life(Chapter.SEPARATION, case=separation("effective", "moved_out"), duties=(owed,))
    out = archive(state, told_national=told, scene=scene(FRIDAY))
    assert [c.state for c in out.closed] == ["met"]
    reported = event(out, "move_out.reported")
    assert (reported.facts["through"], reported.rule_id) == (through, "hanoi.art12.2.1.b")
    assert len(out.notices) == notices
    for told_to in out.notices:
        assert (told_to.kind, told_to.agency_id, told_to.role) == (
            "move_out_reported",
            DEPARTMENT,
            "department_officer",
        )
        assert told_to.facts["profile"] == str(PROFILE)
        assert told_to.citation == owed.citation


def test_without_a_department_the_report_goes_to_the_agency_above() -> None:
    owed = duty("move_out_report", case_id=CASE)
    state = life(Chapter.SEPARATION, case=separation("effective", "moved_out"), duties=(owed,))
    above = replace(scene(FRIDAY), department_id=None)
    (notice,) = archive(state, told_national=False, scene=above).notices
    assert (notice.agency_id, notice.role) == (above.managing_agency_id, "hr_officer")


@pytest.mark.parametrize("chapter", [Chapter.ARCHIVE, Chapter.ACCOUNT, Chapter.SERVICE])
def test_a_report_that_outlived_its_case_is_made_when_the_profile_is_looked_at(chapter: Chapter) -> None:
    """Archived by an earlier release, reopened since or not: the department hears, the duty ends."""
    owed = duty("move_out_report", case_id=CASE)
    out = look(life(chapter, duties=(owed, duty("national_transfer", case_id=CASE))), scene(FRIDAY))
    assert [c.duty_id for c in out.closed] == [owed.id]
    assert event(out, "move_out.reported").facts["through"] == "department"
    (notice,) = out.notices
    assert (notice.kind, notice.agency_id) == ("move_out_reported", DEPARTMENT)
    assert notice.facts["effective_on"] == owed.event_on.isoformat()


def test_a_report_of_the_running_case_waits_for_the_archive() -> None:
    owed = duty("move_out_report", case_id=CASE)
    state = life(Chapter.SEPARATION, case=separation("effective", "moved_out"), duties=(owed,))
    assert look(state, scene(FRIDAY)).empty


@pytest.mark.parametrize("chapter", [c for c in Chapter if c is not Chapter.SEPARATION])
def test_only_who_left_is_archived(chapter: Chapter) -> None:
    with refused("wrong-state"):
        archive(replace(life(chapter), case=separation()), told_national=True, scene=scene(FRIDAY))
