"""Moving to another agency: each step, each refusal, what moves and what is owed by which side."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from models.calendar import at_local
from models.commands import (
    AcceptTransfer,
    HandOver,
    RefuseTransfer,
    ReportTransfer,
    RequestTransfer,
    WithdrawTransfer,
)
from models.lifecycle import transfer as steps
from models.lifecycle.life import Approval, Case, Chapter, Life
from models.lifecycle.outcome import Outcome
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    CASE,
    CULTURE,
    DEPARTMENT,
    HEALTH,
    OFFICER,
    PROFILE,
    changed,
    duty,
    event,
    inserted,
    life,
    notice,
    opened,
    refusal_in,
    refused,
    revision,
    scene,
    separation,
    transfer,
)

MONDAY = date(2025, 12, 1)
REASON = "không còn vị trí"


def asking(**changes: object) -> RequestTransfer:
    given = {"to_agency_id": HEALTH, "mode": "điều động", "effective_on": MONDAY, "document": "1/QĐ"}
    return RequestTransfer(**{**given, **changes})


def moving(
    state: str = "requested", before: Chapter = Chapter.SERVICE, **changes: object
) -> tuple[Life, Case]:
    case = transfer(state, before)
    return life(Chapter.TRANSFER, **{"case": case, **changes}), case


def step(name: str, state: Life, case: Case | None, day: date = MONDAY) -> Outcome:
    body = {
        "report": ReportTransfer(document="2/BC"),
        "hand_over": HandOver(handed_over_on=day),
        "accept": AcceptTransfer(),
        "refuse_transfer": RefuseTransfer(reason=REASON),
        "withdraw": WithdrawTransfer(reason=REASON),
    }[name]
    return getattr(steps, name)(state, case, body, scene(day))


ALLOWED = {
    "report": ("requested",),
    "hand_over": ("reported",),
    "accept": ("handed_over",),
    "refuse_transfer": ("requested", "reported", "handed_over"),
    "withdraw": ("requested", "reported", "handed_over"),
}
WRONG = [
    (name, state)
    for name, allowed in ALLOWED.items()
    for state in ("requested", "reported", "handed_over", "accepted", "refused", "withdrawn")
    if state not in allowed
]


# --- the request


@pytest.mark.rule("hanoi.art12.1.a1")
def test_a_request_opens_the_report_the_present_agency_owes_at_once() -> None:
    out = steps.request(life(), asking(), scene(date(2025, 12, 31)))
    found = opened(out, "transfer_report")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.nominal_due_on, found.duty.due_on) == (date(2025, 12, 31), date(2026, 1, 5))
    assert found.duty.rule_id == "hanoi.art12.1.a1"
    assert found.duty.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.1.a"
    assert found.facts == {}
    case = inserted(out, "cases")
    assert (case["from_agency_id"], case["to_agency_id"], case["state"]) == (CULTURE, HEALTH, "requested")
    assert found.duty.case_id == case["id"]
    assert out.subject == {"case_id": case["id"], "chapter": Chapter.TRANSFER}
    assert notice(out, "transfer_announced").agency_id == HEALTH
    assert out.tell == [(f"transfer/{case['id']}", {"profile_id": PROFILE})]


@pytest.mark.parametrize("chapter", [Chapter.ACCOUNT, Chapter.SEPARATION, Chapter.ARCHIVE])
def test_only_somebody_with_an_account_and_in_office_moves(chapter: Chapter) -> None:
    with refused("wrong-state"):
        steps.request(life(chapter), asking(), scene(MONDAY))


def test_one_case_at_a_time() -> None:
    with refused("transfer-open") as caught:
        steps.request(moving()[0], asking(), scene(MONDAY))
    assert refusal_in(caught).extra == {"case_id": str(CASE)}
    with refused("separation-open"):
        steps.request(life(case=separation()), asking(), scene(MONDAY))


def test_nobody_moves_to_where_they_are() -> None:
    with refused("malformed-request"):
        steps.request(life(), asking(to_agency_id=CULTURE), scene(MONDAY))


# --- steps


@pytest.mark.parametrize(("name", "state"), WRONG)
def test_a_step_out_of_order_is_refused(name: str, state: str) -> None:
    with refused("wrong-state") as caught:
        step(name, *moving(state))
    assert refusal_in(caught).extra == {"state": state}


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_a_closed_an_absent_and_another_transfer_are_refused(name: str) -> None:
    state, case = moving(ALLOWED[name][0])
    for wrong in (None, replace(case, closed=True), replace(case, id=UUID(int=99))):
        with refused("wrong-state") as caught:
            step(name, state, wrong)
        assert refusal_in(caught).extra == {"state": "closed"}
    with refused("wrong-state"):
        step(name, replace(state, case=None), case)


def test_the_report_meets_its_duty_and_tells_the_department() -> None:
    state, case = moving(duties=(duty("transfer_report", case_id=CASE, party="hr_officer"), duty()))
    out = step("report", state, case, date(2025, 12, 9))
    assert [(c.state, c.late_days) for c in out.closed] == [("met", 2)]
    row = changed(out, "cases")
    assert (row["state"], row["version"], row["facts"]["report"]) == ("reported", 2, "2/BC")
    assert (notice(out, "transfer_reported").agency_id, out.subject) == (DEPARTMENT, {})


@pytest.mark.rule("hanoi.art12.1.a2")
def test_after_the_hand_over_the_new_agency_owes_the_receipt() -> None:
    out = step("hand_over", *moving("reported"), date(2025, 12, 31))
    found = opened(out, "transfer_receive")
    assert (found.duty.party, found.duty.agency_id, found.duty.case_id) == ("hr_officer", HEALTH, CASE)
    assert (found.nominal_due_on, found.duty.due_on) == (date(2025, 12, 31), date(2026, 1, 5))
    assert found.duty.rule_id == "hanoi.art12.1.a2"
    assert found.duty.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.1.a"
    assert found.facts == {}
    assert changed(out, "cases")["facts"]["handed_over_on"] == "2025-12-31"


def test_a_hand_over_has_a_possible_date() -> None:
    state, case = moving("reported")
    with refused("future-date"):
        steps.hand_over(state, case, HandOver(handed_over_on=date(2025, 12, 2)), scene(MONDAY))
    with refused("impossible-date"):
        steps.hand_over(state, case, HandOver(handed_over_on=date(2025, 11, 28)), scene(MONDAY))


# --- acceptance


def test_acceptance_moves_custody_account_duties_and_list_in_one_act() -> None:
    of_case = duty("transfer_receive", case_id=CASE, agency_id=HEALTH, party="hr_officer")
    of_person, elsewhere = duty(), duty("transfer_check", agency_id=DEPARTMENT)
    state, case = moving("handed_over", duties=(of_case, of_person, elsewhere))
    out = step("accept", state, case, date(2025, 12, 5))
    custody = inserted(out, "custody_moved")
    assert (custody["to_agency"], custody["on"], custody["case_id"]) == (HEALTH, date(2025, 12, 5), CASE)
    assert changed(out, "accounts") == {"agency_id": HEALTH}
    assert inserted(out, "month_item_moved") == {"to_agency": HEALTH}
    assert out.moved == {of_person.id: HEALTH}
    assert [(c.duty_id, c.state) for c in out.closed] == [(of_case.id, "met")]
    assert out.subject == {"agency_id": HEALTH, "case_id": None, "chapter": Chapter.SERVICE}
    assert (changed(out, "cases")["state"], changed(out, "cases")["closed_at"]) == (
        "accepted",
        at_local(date(2025, 12, 5), 9),
    )
    assert notice(out, "transfer_accepted").agency_id == CULTURE
    assert out.tell == [(f"profile/{PROFILE}", {})]


@pytest.mark.rule("hanoi.art12.1.b")
def test_the_person_then_checks_the_own_data_within_five_working_days() -> None:
    found = opened(step("accept", *moving("handed_over"), date(2025, 12, 31)), "transfer_check")
    assert (found.duty.party, found.duty.agency_id) == ("person", HEALTH)
    assert found.duty.due_on == date(2026, 1, 9)
    assert found.duty.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 12.1.b"
    assert (found.duty.profile_id, found.duty.case_id, found.facts) == (PROFILE, None, {})


@pytest.mark.parametrize(
    ("before", "changes", "after", "checks"),
    [
        (Chapter.SERVICE, {}, Chapter.SERVICE, True),
        (Chapter.DECLARATION, {"approved_revision_id": None}, Chapter.DECLARATION, False),
        (
            Chapter.DECLARATION,
            {"approved_revision_id": None, "pending": revision(1, "submitted")},
            Chapter.REVIEW,
            True,
        ),
        (Chapter.REVIEW, {"approved_revision_id": None}, Chapter.DECLARATION, False),
        (Chapter.REVIEW, {}, Chapter.SERVICE, True),
        (Chapter.SERVICE, {"account": None}, Chapter.SERVICE, False),
    ],
)
def test_the_chapter_goes_on_where_it_has_come_to_meanwhile(
    before: Chapter, changes: dict[str, object], after: Chapter, checks: bool
) -> None:
    out = step("accept", *moving("handed_over", before, **changes))
    assert out.subject["chapter"] is after
    assert bool(out.opened) is checks


def test_nothing_moves_while_a_signature_is_being_made() -> None:
    signing = Approval(UUID(int=70), revision(2).id, "d", OFFICER, "approver", None, (), 0)
    with refused("in-flight"):
        step("accept", *moving("handed_over", approval=signing))


def test_without_the_rule_nothing_is_owed_but_the_move_happens() -> None:
    law = in_force("hanoi", MONDAY)
    for gone in ("hanoi.art12.1.a1", "hanoi.art12.1.a2", "hanoi.art12.1.b"):
        law = law.without(gone)
    told = scene(MONDAY, law=law)
    assert steps.request(life(), asking(), told).opened == []
    assert steps.hand_over(*moving("reported"), HandOver(handed_over_on=MONDAY), told).opened == []
    accepted = steps.accept(*moving("handed_over"), AcceptTransfer(), told)
    assert (accepted.opened, accepted.subject["agency_id"]) == ([], HEALTH)


def test_a_profile_changes_hands_once_a_day() -> None:
    """Custody is kept by days: who came today, by a plan or a transfer, is received tomorrow."""
    for since in (MONDAY, date(2025, 12, 2)):  # the later: asked just before midnight, done just after
        with refused("wrong-state") as caught:
            steps.accept(*moving("handed_over", changed_hands_on=since), AcceptTransfer(), scene(MONDAY))
        assert "changed hands today" in refusal_in(caught).detail_en
    before = steps.accept(
        *moving("handed_over", changed_hands_on=date(2025, 11, 30)), AcceptTransfer(), scene(MONDAY)
    )
    assert inserted(before, "custody_moved")["on"] == MONDAY


# --- refused, withdrawn


@pytest.mark.parametrize(
    ("name", "state", "hears"), [("refuse_transfer", "refused", CULTURE), ("withdraw", "withdrawn", HEALTH)]
)
@pytest.mark.parametrize("before", ["requested", "reported", "handed_over"])
def test_an_ended_transfer_leaves_the_profile_where_it_is(
    name: str, state: str, hears: UUID, before: str
) -> None:
    of_case = duty("transfer_receive", case_id=CASE, agency_id=HEALTH)
    found, case = moving(before, duties=(of_case, duty()))
    out = step(name, found, case)
    assert out.subject == {"case_id": None, "chapter": Chapter.SERVICE}
    assert [(c.duty_id, c.state, c.reason) for c in out.closed] == [(of_case.id, "void", state)]
    assert (changed(out, "cases")["state"], changed(out, "cases")["facts"]["reason"]) == (state, REASON)
    assert (out.moved, notice(out, f"transfer_{state}").agency_id) == ({}, hears)
    assert event(out, f"transfer.{state}").facts == {"case": str(CASE)}


def test_a_first_declaration_approved_during_a_refused_transfer_is_service() -> None:
    out = step("refuse_transfer", *moving("reported", Chapter.REVIEW))
    assert out.subject["chapter"] is Chapter.SERVICE
