"""Which steps a move takes under each law, by whom and by when: read from the slots the law fills."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models.commands import (
    AcceptTransfer,
    AskForProfile,
    ClaimTransfer,
    CreateAccount,
    HandOver,
    RequestTransfer,
)
from models.lifecycle import transfer as steps
from models.lifecycle.account import create_account
from models.lifecycle.life import Account, AccountState, Approval, Case, Chapter, Life
from models.lifecycle.route import route, upcoming
from models.lifecycle.scene import Other, Scene
from models.regulations import RuleSet, in_force
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CASE,
    CULTURE,
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
    transfer,
)

MONDAY = date(2026, 3, 2)
UNDER = {"agency": "subordinate", "kind": "department"}
PART = {"agency": "constituent", "kind": "department"}


def law_of(authority: str) -> RuleSet:
    drafts = {"phu_yen": ["phu_yen_2024"], "binh_dinh": []}.get(authority, [])
    return in_force(authority, MONDAY, simulate=drafts)


def desk(
    authority: str,
    day: date = MONDAY,
    *,
    within: bool = False,
    mine: dict[str, str] = UNDER,
    theirs: dict[str, str] = UNDER,
    **changes: Any,
) -> Scene:
    facts = {"category": "civil_servant", **mine}
    other = Other(HEALTH, theirs, within=within)
    return scene(day, law=law_of(authority), facts=facts, other=other, **changes)


def asking(**changes: Any) -> RequestTransfer:
    given = {"to_agency_id": HEALTH, "mode": "điều động", "effective_on": MONDAY, "document": "1/QĐ"}
    return RequestTransfer(**{**given, **changes})


def names(authority: str, *, within: bool = False, theirs: dict[str, str] = UNDER) -> list[str]:
    legs = route(law_of(authority), {"category": "civil_servant", **UNDER}, theirs, within=within)
    return [leg.name for leg in legs]


def moving(state: str, **facts: Any) -> tuple[Life, Case]:
    base = transfer(state, effective_on=MONDAY)
    case = replace(base, facts={**base.facts, "to": UNDER, "within": False, **facts})
    return life(Chapter.TRANSFER, case=case), case


# --- the steps of each law


@pytest.mark.parametrize(
    ("authority", "between"),
    [
        ("hanoi", ["report", "hand_over", "accept", "check"]),
        ("phu_yen", ["hand_over", "accept", "account"]),
        ("moha", ["ask", "hand_over", "accept"]),
        ("binh_dinh", ["hand_over", "accept"]),
    ],
)
def test_between_two_agencies_the_law_adds_its_steps(authority: str, between: list[str]) -> None:
    assert names(authority) == between


@pytest.mark.parametrize("authority", ["phu_yen", "moha"])
def test_within_one_agency_one_side_moves_it_where_the_law_says_so(authority: str) -> None:
    assert names(authority, within=True) == ["move"]


@pytest.mark.parametrize("authority", ["hanoi", "binh_dinh"])
def test_where_the_law_knows_no_move_within_an_agency_it_is_a_move_like_any_other(authority: str) -> None:
    assert names(authority, within=True) == names(authority)


def test_a_rule_between_agencies_of_one_standing_asks_both() -> None:
    assert names("moha", theirs=PART) == ["hand_over", "accept"]


def test_a_transfer_under_way_when_the_law_changes_goes_on_from_where_it_is() -> None:
    legs = route(law_of("binh_dinh"), UNDER, UNDER, within=False)
    assert [getattr(upcoming(legs, state), "name", None) for state in ("requested", "asked", "reported")] == [
        "hand_over"
    ] * 3
    assert upcoming(legs, "accepted") is None
    assert upcoming(legs, "withdrawn") is None


def test_a_sixth_authority_needs_no_code() -> None:
    law = law_of("moha")
    both = law.replace("moha.art8.1", slot="transfer_report", when={}, party="current_agency")
    legs = route(both, UNDER, UNDER, within=False)
    assert [leg.name for leg in legs] == ["ask", "report", "hand_over", "accept"]


# --- Bộ Nội vụ: the new unit asks, two periods run, the earlier binds


@pytest.mark.rule("moha.art8.2.a")
def test_the_new_unit_owes_the_request_bounded_by_the_outer_limit() -> None:
    out = steps.request(life(), asking(decided_on=MONDAY), desk("moha"))
    found = opened(out, "transfer_request")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", HEALTH)
    assert found.duty.due_on == date(2026, 4, 13)
    assert found.duty.rule_id == "moha.art8.2.a"
    assert found.facts["limit"] == "Quy chế kèm QĐ 832/QĐ-BNV, Điều 8.2 đoạn 3"
    assert out.answer["next"] == {
        "step": "ask",
        "verb": "ask_for_profile",
        "side": "new",
        "agency_id": str(HEALTH),
        "due_on": "2026-04-13",
        "citation": "Quy chế kèm QĐ 832/QĐ-BNV, Điều 8.2 đoạn 1",
        "limit": "Quy chế kèm QĐ 832/QĐ-BNV, Điều 8.2 đoạn 3",
        "policy": False,
        "done": False,
    }
    assert [one["step"] for one in out.answer["steps"]] == ["ask", "hand_over", "accept"]


@pytest.mark.rule("moha.art8.2.b", "moha.art8.2.c")
@pytest.mark.parametrize(
    ("decided", "asked", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 30)),  # 15 from the request
        (date(2026, 3, 2), date(2026, 3, 23), date(2026, 4, 13)),  # both end on one day
        (date(2026, 3, 2), date(2026, 4, 6), date(2026, 4, 13)),  # 30 from the decision
    ],
)
def test_fifteen_days_from_the_request_inside_thirty_from_the_decision(
    decided: date, asked: date, due: date
) -> None:
    state, case = moving("requested", decided_on=decided.isoformat())
    out = steps.ask(state, case, AskForProfile(), desk("moha", asked))
    found = opened(out, "transfer_hand_over")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.duty.event_on, found.duty.due_on) == (asked, due)
    assert [clock["rule"] for clock in found.facts["clocks"]] == ["moha.art8.2.b", "moha.art8.2.c"]
    fifteen, thirty = (date.fromisoformat(clock["due"]) for clock in found.facts["clocks"])
    assert (thirty, due) == (date(2026, 4, 13), min(fifteen, thirty))
    assert event(out, "transfer.asked").rule_id == "moha.art8.2.a"
    assert event(out, "duty.opened").facts.get("signature") is None
    assert changed(out, "cases")["state"] == "asked"


@pytest.mark.rule("moha.art8.2.a")
def test_the_new_unit_may_open_the_case_by_asking() -> None:
    body = ClaimTransfer(
        to_agency_id=HEALTH, mode="luân chuyển", effective_on=MONDAY, decided_on=MONDAY, document="1/QĐ"
    )
    out = steps.claim(life(), body, desk("moha"))
    case = inserted(out, "cases")
    assert (case["state"], case["facts"]["asked_on"]) == ("asked", "2026-03-02")
    assert event(out, "transfer.asked").rule_id == "moha.art8.2.a"
    assert opened(out, "transfer_hand_over").duty.due_on == date(2026, 3, 23)
    assert notice(out, "transfer_asked").agency_id == CULTURE
    assert [o.duty.slot for o in out.opened] == ["transfer_hand_over"]


@pytest.mark.parametrize("authority", ["hanoi", "phu_yen", "binh_dinh"])
def test_where_the_law_does_not_have_the_new_agency_ask_it_opens_no_case(authority: str) -> None:
    body = ClaimTransfer(
        to_agency_id=HEALTH, mode="điều động", effective_on=MONDAY, decided_on=MONDAY, document="1/QĐ"
    )
    with refused("wrong-state"):
        steps.claim(life(), body, desk(authority))


def test_a_period_from_the_decision_needs_its_day() -> None:
    with refused("malformed-request") as caught:
        steps.request(life(), asking(), desk("moha"))
    assert refusal_in(caught).citation is not None
    with refused("future-date"):
        steps.request(life(), asking(decided_on=date(2026, 3, 3)), desk("moha"))


def test_the_request_comes_before_the_hand_over_and_only_once() -> None:
    with refused("wrong-state"):
        steps.hand_over(*moving("requested"), HandOver(handed_over_on=MONDAY), desk("moha"))
    with refused("wrong-state"):
        steps.ask(*moving("asked"), AskForProfile(), desk("moha"))
    with refused("wrong-state"):
        steps.ask(*moving("requested"), AskForProfile(), desk("hanoi"))


# --- Bình Định, Phú Yên: the period runs from the document's effect


@pytest.mark.rule("binh_dinh.II.5.a")
@pytest.mark.parametrize(
    ("effective", "due"), [(MONDAY, date(2026, 3, 5)), (date(2026, 2, 12), date(2026, 2, 24))]
)
def test_three_working_days_from_the_effect_to_hand_over(effective: date, due: date) -> None:
    out = steps.request(life(), asking(effective_on=effective), desk("binh_dinh"))
    found = opened(out, "transfer_hand_over")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.duty.event_on, found.duty.due_on) == (effective, due)
    assert (found.duty.rule_id, found.facts) == ("binh_dinh.II.5.a", {})


@pytest.mark.rule("binh_dinh.II.5.a")
def test_a_hand_over_after_three_days_is_late_and_the_receipt_is_our_policy() -> None:
    owed = duty("transfer_hand_over", case_id=CASE, due_on=date(2026, 3, 5), party="hr_officer")
    state, case = moving("requested")
    state = replace(state, duties=(owed,))
    out = steps.hand_over(state, case, HandOver(handed_over_on=MONDAY), desk("binh_dinh", date(2026, 3, 9)))
    assert [(c.state, c.late_days) for c in out.closed] == [("met", 2)]
    assert event(out, "transfer.handed_over").rule_id == "binh_dinh.II.5.a"
    assert (out.opened, out.answer["next"]["step"], out.answer["next"]["policy"]) == ([], "accept", True)


@pytest.mark.rule("phu_yen.art12.3.a")
def test_at_once_after_the_effect_the_old_agency_hands_over() -> None:
    out = steps.request(life(), asking(), desk("phu_yen"))
    found = opened(out, "transfer_hand_over")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.nominal_due_on, found.duty.due_on) == (MONDAY, date(2026, 3, 3))
    assert found.duty.rule_id == "phu_yen.art12.3.a"


@pytest.mark.rule("phu_yen.art12.3.b")
def test_the_old_account_ends_and_the_new_agency_makes_another() -> None:
    state, case = moving("handed_over", handed_over_on="2026-03-02")
    default = duty("default_password")
    state = replace(state, duties=(default,))
    out = steps.accept(state, case, AcceptTransfer(), desk("phu_yen"))
    assert changed(out, "accounts") == {"state": AccountState.CANCELLED}
    assert inserted(out, "sessions_ended") == {"account_id": ACCOUNT}
    assert (out.subject["account_id"], out.subject["agency_id"]) == (None, HEALTH)
    found = opened(out, "transfer_account")
    assert (found.duty.party, found.duty.agency_id, found.duty.due_on) == ("hr_officer", HEALTH, None)
    assert event(out, "account.closed").rule_id == "phu_yen.art12.3.b"
    assert [(c.duty_id, c.state) for c in out.closed] == [(default.id, "void")]
    assert out.moved == {}


@pytest.mark.rule("phu_yen.art12.3.b")
def test_the_new_account_meets_that_duty_in_service() -> None:
    slot = route(law_of("phu_yen"), UNDER, UNDER, within=False)[-1].rule
    assert slot is not None
    assert (slot.party, slot.deadline, slot.signature) == ("new_agency", None, "none_stated")
    owed = duty(slot.slot, party="hr_officer", due_on=None, due_at=None)
    body = CreateAccount(login="thu.nt", password_hash="h")
    out = create_account(life(account=None, duties=(owed,)), body, desk("phu_yen"))
    assert [(c.duty_id, c.state) for c in out.closed] == [(owed.id, "met")]
    assert "chapter" not in out.subject
    with refused("wrong-state"):
        create_account(life(account=None), body, desk("phu_yen"))


def test_elsewhere_the_account_moves_along() -> None:
    for authority in ("hanoi", "moha", "binh_dinh"):
        out = steps.accept(*moving("handed_over"), AcceptTransfer(), desk(authority))
        assert changed(out, "accounts") == {"agency_id": HEALTH}
        assert "account_id" not in out.subject


# --- within one agency


@pytest.mark.rule("moha.art8.1")
@pytest.mark.parametrize(("effective", "late"), [(MONDAY, 0), (date(2026, 2, 2), 0), (date(2026, 1, 30), 1)])
def test_fifteen_working_days_from_the_effect_to_move_within(effective: date, late: int) -> None:
    out = steps.request(life(), asking(effective_on=effective), desk("moha", within=True))
    assert (out.answer["state"], out.answer["late_days"]) == ("accepted", late)
    told = event(out, "transfer.within")
    assert (told.rule_id, told.facts["late_days"]) == ("moha.art8.1", late)
    assert told.facts.get("signature") is None
    assert out.answer["steps"][0]["side"] == "old"
    assert law_of("moha").slot("transfer_within").party == "agency"


@pytest.mark.rule("phu_yen.art12.2")
def test_a_move_within_an_agency_is_one_act_of_one_side() -> None:
    owed = duty()
    out = steps.request(life(duties=(owed,)), asking(), desk("phu_yen", within=True))
    case = inserted(out, "cases")
    assert (case["state"], case["closed_at"] is not None) == ("accepted", True)
    assert inserted(out, "custody_moved")["to_agency"] == HEALTH
    assert out.subject == {"agency_id": HEALTH}
    assert (out.moved, out.opened) == ({owed.id: HEALTH}, [])
    assert changed(out, "accounts") == {"agency_id": HEALTH}
    assert event(out, "transfer.within").rule_id == "phu_yen.art12.2"


@pytest.mark.rule("phu_yen.art12.2")
def test_a_move_within_that_is_ahead_waits_for_its_day_with_a_duty() -> None:
    ahead = date(2026, 3, 9)
    out = steps.request(life(), asking(effective_on=ahead), desk("phu_yen", within=True))
    found = opened(out, "transfer_within")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.duty.event_on, found.nominal_due_on, found.duty.due_on) == (ahead, ahead, date(2026, 3, 10))
    state, case = moving("requested", within=True)
    case = replace(case, effective_on=ahead)
    state = replace(state, case=case, duties=(replace(found.duty, case_id=case.id),))
    with refused("future-date"):
        steps.hand_over(state, case, HandOver(handed_over_on=MONDAY), desk("phu_yen"))
    done = steps.hand_over(state, case, HandOver(handed_over_on=ahead), desk("phu_yen", ahead))
    assert (done.answer["state"], done.subject["chapter"]) == ("accepted", Chapter.SERVICE)
    assert [(c.state, c.late_days) for c in done.closed] == [("met", 0)]
    assert event(done, "transfer.within").rule_id == "phu_yen.art12.2"
    assert done.tell == [(f"profile/{PROFILE}", {})]


def test_nothing_moves_within_while_a_signature_is_being_made() -> None:
    signing = Approval(CASE, revision(2).id, "d", OFFICER, "approver", None, (), 0)
    with refused("in-flight"):
        steps.request(life(approval=signing), asking(), desk("phu_yen", within=True))
    state, case = moving("requested", within=True)
    with refused("in-flight"):
        steps.hand_over(
            replace(state, approval=signing), case, HandOver(handed_over_on=MONDAY), desk("phu_yen")
        )


def test_a_secondment_is_no_transfer() -> None:
    with refused("malformed-request"):
        steps.request(life(), asking(mode="biệt phái"), desk("hanoi"))


def test_an_account_made_anew_is_none_twice() -> None:
    state = life(account=Account(ACCOUNT, AccountState.ACTIVE), duties=(duty("transfer_account"),))
    with refused("wrong-state"):
        create_account(state, CreateAccount(login="thu.nt", password_hash="h"), desk("phu_yen"))
