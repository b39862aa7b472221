"""The department's gate, after the outgoing call or before it, and by whose signature."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from models.calendar import at_local
from models.commands import ReleaseMonth, SendBackItems
from models.identifiers import profile_workflow
from models.lifecycle import gate
from models.lifecycle import month as steps
from models.lifecycle.life import AgencyMonth
from models.lifecycle.outcome import Outcome, Update
from models.lifecycle.scene import Scene
from models.regulations import RuleSet, in_force
from tests.models.lifecycle.scenes import (
    CULTURE,
    DEPARTMENT,
    agency_month,
    changed,
    event,
    notice,
    refusal_in,
    refused,
    scene,
)
from tests.models.lifecycle.test_month import BOTH, DAY, ONE, SYNCING, TWO, listed, opening

# --- the gate after the outgoing call


def department(day: date, **changes: object) -> Scene:
    return scene(day, role="department_officer", **changes)


@pytest.mark.rule("hanoi.art14.2")
def test_the_department_releases_what_was_accepted() -> None:
    out = gate.release(listed("accepted", state="gate"), ReleaseMonth(), department(DAY))
    assert changed(out, "month_items") == {"state": "released", "changed_at": at_local(DAY, 9)}
    assert (out.subject, out.answer) == ({"state": "open"}, {"released": 1})
    told = event(out, "month.released")
    assert (told.citation, told.facts) == (
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 14.2",
        {"month": "2025-12", "items": 1, "gate": "after"},
    )


@pytest.mark.rule("hanoi.art14.2")
def test_the_gate_has_no_end() -> None:
    out = gate.release(listed("accepted", state="closed"), ReleaseMonth(), department(DAY))
    assert (out.subject, out.answer) == ({}, {"released": 1})
    assert event(out, "month.released").citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 14.2"


@pytest.mark.parametrize("state", ["open", "submitting"])
def test_the_gate_opens_only_for_what_waits(state: str) -> None:
    with refused("wrong-state"):
        gate.release(listed("accepted", state=state), ReleaseMonth(), department(DAY))
    with refused("wrong-state"):
        gate.send_back(
            listed("accepted", state=state), SendBackItems(profiles=(ONE,), reason="sai"), department(DAY)
        )


def test_items_are_sent_back_with_the_reason() -> None:
    body = SendBackItems(profiles=(ONE,), reason="sai ngạch")
    out = gate.send_back(listed("accepted", "accepted", state="gate"), body, department(DAY))
    row = changed(out, "month_items")
    assert (row["state"], row["reason"]) == ("sent_back", "sai ngạch")
    told = notice(out, "items_sent_back")
    assert (told.agency_id, told.role, told.facts) == (CULTURE, "hr_officer", {"items": 1})
    assert out.tell == [(profile_workflow(ONE), {})], "the profile asks whoever can mend it"
    with refused("wrong-state"):
        gate.send_back(
            listed("accepted", "sent", state="gate"),
            SendBackItems(profiles=(TWO,), reason="sai"),
            department(DAY),
        )


def test_the_department_may_name_fields_of_the_form() -> None:
    month = listed("accepted", "accepted", state="gate")
    month = replace(month, items=tuple(replace(i, form="tt06_2023") for i in month.items))
    out = gate.send_back(
        month, SendBackItems(profiles=(ONE,), reason="sai ngạch", fields=("ethnicity",)), department(DAY)
    )
    assert changed(out, "month_items")["refusal"] == {"fields": ["ethnicity"]}
    with refused("malformed-request") as caught:
        body = SendBackItems(profiles=(ONE,), reason="sai ngạch", fields=("ethnicity", "no_such"))
        gate.send_back(month, body, department(DAY))
    assert refusal_in(caught).extra == {"path": "no_such"}


def test_some_are_released_and_the_rest_go_on_waiting() -> None:
    month = listed("accepted", "accepted", state="gate")
    out = gate.release(month, ReleaseMonth(profiles=(ONE,)), department(DAY))
    assert changed(out, "month_items") == {"state": "released", "changed_at": at_local(DAY, 9)}
    assert [w.key["profile_id"] for w in out.writes if isinstance(w, Update)] == [ONE]
    assert (out.subject, out.answer) == ({}, {"released": 1})
    both = gate.release(month, ReleaseMonth(profiles=(ONE, TWO)), department(DAY))
    assert both.subject == {"state": "open"}, "nothing is waited for any more"


@pytest.mark.parametrize(
    "judge",
    [
        lambda month, **who: gate.release(month, ReleaseMonth(**who), department(DAY)),
        lambda month, **who: gate.send_back(month, SendBackItems(**who, reason="sai"), department(DAY)),
    ],
    ids=["release", "send_back"],
)
def test_what_waits_no_more_is_refused_or_left_and_named(judge: Callable[..., Outcome]) -> None:
    month = listed("accepted", "sent", state="gate")
    with refused("wrong-state"):
        judge(month, profiles=(ONE, TWO))
    out = judge(month, profiles=(ONE, TWO), partial=True)
    assert out.answer is not None
    assert (next(iter(out.answer.values())), out.answer["left"]) == (1, [str(TWO)])
    with refused("wrong-state"):
        judge(month, profiles=(TWO,), partial=True)


# --- the gate before it


def before(**changes: object) -> RuleSet:
    return in_force("hanoi", DAY).replace("hanoi.art14.2", position="before_outgoing_call", **changes)


def held(*states: str, state: str = "open", **changes: object) -> AgencyMonth:
    return listed(*states, state=state, gate="before_outgoing_call", **changes)


@pytest.mark.rule("hanoi.art14.2")
def test_a_list_keeps_the_gate_of_the_day_on_which_it_was_opened() -> None:
    law = in_force("hanoi", DAY)
    unsaid = law.replace("hanoi.art14.2", position=None)
    for told, expected in (
        (scene(DAY, law=law), "after"),
        (scene(DAY, law=unsaid), "after"),
        (scene(DAY, law=before()), "before_outgoing_call"),
        (scene(DAY, law=law.without("hanoi.art14.2")), "none"),
        (scene(DAY, law=before(), department_id=None), "none"),
    ):
        assert opening(agency_month(), told=told).subject == {"gate": expected}
    out = steps.receipts_in(listed("accepted"), scene(DAY, law=before()))
    assert out.subject == {"state": "gate"}, "opened with the gate after the call, it ends that way"


def test_nothing_goes_out_before_it_is_cleared() -> None:
    assert (gate.ready("before_outgoing_call"), gate.ready("after"), gate.ready("none")) == (
        "cleared",
        "approved",
        "approved",
    )


@pytest.mark.rule("hanoi.art14.2")
def test_a_round_of_approvals_is_put_before_the_department() -> None:
    month = held("approved", "approved", "listed", duties=BOTH)
    out = steps.approvals_done(month, scene(DAY, law=before()))
    assert out.subject == {"state": "gate"}
    told = notice(out, "gate_waiting")
    assert (told.agency_id, told.role, told.facts["items"]) == (DEPARTMENT, "department_officer", 2)
    assert told.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 14.2"
    assert steps.approvals_done(listed("approved"), scene(DAY)).subject == {}, "after the call: nothing yet"
    assert steps.approvals_done(held("returned"), scene(DAY, law=before())).subject == {}


def test_what_was_approved_from_the_profiles_is_put_before_it_once() -> None:
    out = gate.opens(held("approved"), scene(DAY, law=before()))
    assert (out.subject, len(out.notices)) == ({"state": "gate"}, 1)
    assert event(out, "month.gate_opened").facts == {"month": "2025-12", "items": 1}
    for month in (held("approved", state="gate"), held("cleared"), listed("approved")):
        assert gate.opens(month, scene(DAY, law=before())).empty


@pytest.mark.parametrize("state", ["open", "gate", "submitting"])
def test_the_department_clears_what_is_to_go_out(state: str) -> None:
    out = gate.release(held("approved", "listed", state=state), ReleaseMonth(), department(DAY, law=before()))
    assert changed(out, "month_items")["state"] == "cleared"
    assert (out.subject, out.answer) == ({"state": "open"}, {"released": 1})
    assert event(out, "month.released").facts == {
        "month": "2025-12",
        "items": 1,
        "gate": "before_outgoing_call",
    }


@pytest.mark.parametrize("month", [held("approved", state="closed"), held("cleared", "sent", state="gate")])
def test_nothing_is_cleared_that_does_not_wait(month: AgencyMonth) -> None:
    told = department(DAY, law=before())
    with refused("wrong-state"):
        gate.release(month, ReleaseMonth(), told)
    with refused("wrong-state"):
        gate.send_back(month, SendBackItems(profiles=(ONE,), reason="sai"), told)


def test_what_is_sent_back_never_goes_out() -> None:
    told = department(DAY, law=before())
    body = SendBackItems(profiles=(ONE,), reason="sai ngạch")
    out = gate.send_back(held("approved", "approved", state="gate"), body, told)
    assert changed(out, "month_items")["state"] == "sent_back"
    assert out.subject == {}, "another one still waits"
    assert gate.send_back(held("approved", state="gate"), body, told).subject == {"state": "open"}


@pytest.mark.parametrize("of", ["before_outgoing_call", "none"])
def test_receipts_end_what_has_passed_the_gate_or_meets_none(of: str) -> None:
    month = listed("accepted", "rejected", gate=of, duties=BOTH)
    out = steps.receipts_in(month, scene(date(2025, 12, 5), law=before()))
    assert changed(out, "month_items")["state"] == "released"
    assert (out.subject, out.notices) == ({"state": "open"}, [])
    assert [c.duty_id for c in out.closed] == [SYNCING.id]
    assert steps.receipts_in(listed("rejected", gate=of), scene(DAY)).writes == []


def test_what_waits_at_the_gate_is_not_forgotten_while_a_packet_is_under_way() -> None:
    month = held("approved", "cleared", state="gate", duties=BOTH)
    assert steps.submitted(month, "T1", 1, scene(DAY, law=before())).subject == {}
    out = steps.receipts_in(held("approved", "accepted", state="gate", duties=BOTH), scene(DAY, law=before()))
    assert (out.subject, out.closed) == ({"state": "gate"}, [])
    left = steps.close_month(held("approved", "cleared"), scene(date(2026, 1, 27), hour=0, law=before()))
    assert left.answer == {"left": 2}


def test_a_rule_that_asks_for_the_head_s_signature_leaves_the_gate_to_the_head() -> None:
    law = before(signature="head_digital")
    month = held("approved", state="gate")
    for judge in (
        lambda told: gate.release(month, ReleaseMonth(), told),
        lambda told: gate.send_back(month, SendBackItems(profiles=(ONE,), reason="sai"), told),
    ):
        with refused("not-competent"):
            judge(department(DAY, law=law))
        assert judge(scene(DAY, role="department_head", law=law)).status == 200
    out = gate.release(month, ReleaseMonth(), scene(DAY, role="department_head", law=law))
    assert event(out, "month.released").facts["signature"] == "head_digital"
    told = notice(steps.approvals_done(held("approved"), scene(DAY, law=law)), "gate_waiting")
    assert (told.agency_id, told.role) == (DEPARTMENT, "department_head")


@pytest.mark.rule("moha.art7.3")
def test_the_ministrys_personnel_department_approves_before_anything_goes_out_by_its_heads_signature() -> (
    None
):
    law = in_force("moha", DAY)
    assert opening(agency_month(), told=scene(DAY, law=law)).subject == {"gate": "before_outgoing_call"}
    told = notice(steps.approvals_done(held("approved"), scene(DAY, law=law)), "gate_waiting")
    assert (told.agency_id, told.role) == (DEPARTMENT, "department_head")
    assert str(told.citation).endswith("Điều 7.3")
    month = held("approved", state="gate")
    with refused("not-competent"):
        gate.release(month, ReleaseMonth(), department(DAY, law=law))
    out = gate.release(month, ReleaseMonth(), scene(DAY, role="department_head", law=law))
    assert changed(out, "month_items")["state"] == "cleared"
    assert event(out, "month.released").rule_id == "moha.art7.3"
