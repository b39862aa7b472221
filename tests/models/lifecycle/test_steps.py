"""Chains of signatures as the law orders them: who, in which order, by when; the official's own signature."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.commands import Approve, ReturnedField, ReturnForCorrection, SubmitDeclaration
from models.lifecycle import approval, declaration, steps
from models.lifecycle.life import Approval, Chapter, Duty, Life
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import RuleSet
from tests.chains import rolling
from tests.forms import COMPLETE
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CULTURE,
    DEPARTMENT,
    DIGEST,
    OFFICER,
    changed,
    duty,
    event,
    life,
    notice,
    refusal_in,
    refused,
    revision,
    scene,
)

DAY = date(2026, 3, 2)


def at(day: date, role: str, law: RuleSet, **more: Any) -> Scene:
    actor = {"actor_id": ACCOUNT} if role == "official" else {}
    return scene(day, role=role, law=law, facts={"agency": "subordinate"}, **actor, **more)


def pending(signed: int = 0, duties: tuple[Duty, ...] = (), **more: Any) -> Life:
    one = replace(revision(2, state="submitted"), submitted_on=DAY)
    return life(Chapter.SERVICE, pending=one, signed_steps=signed, duties=duties, **more)


def asked() -> Approve:
    return Approve(revision_id=revision(2).id, digest=DIGEST)


def opened(out: Outcome) -> Any:
    (one,) = out.opened
    return one


def test_one_windowed_step_is_the_lists_own_duty() -> None:
    """The law of a month's window: no duty about the profile, no places but the form's own."""
    plain = scene(DAY)
    (step,) = steps.steps_of(pending(), plain)
    assert (step.windowed, step.last, step.field) == (True, True, "authority")
    assert steps.places(pending(), plain) == []
    out = Outcome()
    steps.open_step(out, plain, pending(), 1, DAY, 2)
    assert out.empty


def test_each_step_is_owed_by_the_post_its_rule_names() -> None:
    s = at(DAY, "hr_officer", rolling())
    found = steps.steps_of(pending(), s)
    assert [steps.owed_by(step, CULTURE, s) for step in found] == [
        ("hr_officer", CULTURE),
        ("hr_head", CULTURE),
        ("head", CULTURE),
    ]
    assert [step.field for step in found] == ["step1", "step2", "authority"]
    assert [place["role"] for place in steps.places(pending(), s)] == [
        "official",
        "hr_officer",
        "hr_head",
        "head",
    ]


def test_a_step_of_the_department_is_owed_there() -> None:
    law = rolling().replace("sample.a", party="department")
    s = at(DAY, "hr_officer", law)
    assert steps.owed_by(steps.steps_of(pending(), s)[0], CULTURE, s) == ("hr_officer", DEPARTMENT)


def test_under_other_facts_there_is_no_chain_but_the_layer_beneath() -> None:
    s = replace(at(DAY, "approver", rolling()), facts={"agency": "constituent"})
    (step,) = steps.steps_of(pending(), s)
    assert step.obligation.rule.id == "tt06.art7.1"


def submit(law: RuleSet, who: Life, day: date = DAY) -> Outcome:
    body = SubmitDeclaration(revision_id=revision(3).id, digest=DIGEST, changed_on=day - timedelta(days=3))
    return declaration.submit(who, body, at(day, "official", law))


def drafting(**more: Any) -> Life:
    return life(Chapter.SERVICE, draft=revision(3, state="draft", evidence=("e" * 64,)), **more)


def test_submitting_opens_the_first_step_and_the_earlier_clock_binds() -> None:
    one = opened(submit(rolling(), drafting()))
    assert (one.duty.party, one.duty.agency_id) == ("hr_officer", CULTURE)
    assert one.duty.slot == "review_step"
    assert one.duty.due_on == date(2026, 3, 9)
    assert [clock["due"] for clock in one.facts["clocks"]] == ["2026-03-09", "2026-03-16"]


def test_the_total_period_binds_a_late_step() -> None:
    """Signed on the ninth day: the next step's own period would end after the whole chain's."""
    day = date(2026, 3, 13)
    s = at(day, "hr_officer", rolling())
    signing = Approval(
        UUID(int=70),
        revision(2).id,
        DIGEST,
        OFFICER,
        "hr_officer",
        None,
        (),
        0,
        1,
        {"submitted_on": DAY.isoformat()},
    )
    out = steps.go_on(pending(), signing, "d" * 64, s)
    one = opened(out)
    assert one.duty.party == "hr_head"
    assert one.duty.due_on == date(2026, 3, 16)
    assert {clock["rule"]: clock["due"] for clock in one.facts["clocks"]} == {
        "sample.b": "2026-03-20",
        "sample.total": "2026-03-16",
    }
    assert changed(out, "revisions") == {"state": "submitted"}
    assert (out.answer["step"], out.answer["steps"]) == (1, 3)
    assert event(out, "review.signed").facts["late_days"] == 0
    assert notice(out, "review_went_on").facts["step"] == 1


def test_a_first_declaration_has_no_total() -> None:
    who = drafting(approved_revision_id=None)
    one = opened(submit(rolling(), replace(who, chapter=Chapter.DECLARATION)))
    assert "clocks" not in one.facts


@pytest.mark.parametrize(("signed", "role"), [(0, "hr_officer"), (1, "hr_head"), (2, "head")])
def test_only_the_step_that_is_awaited_is_signed(signed: int, role: str) -> None:
    law = rolling()
    out = approval.prepare(pending(signed), asked(), at(DAY, role, law), None)
    (row,) = [w.values for w in out.writes if w.table == "approvals"]
    assert row["step"] == signed + 1
    assert row["facts"]["submitted_on"] == DAY.isoformat()
    for other in {"hr_officer", "hr_head", "head", "approver"} - {role}:
        with refused("not-competent") as caught:
            approval.prepare(pending(signed), asked(), at(DAY, other, law), None)
        assert refusal_in(caught).citation


def signing_of(step: int, role: str) -> Approval:
    facts = {"submitted_on": DAY.isoformat()}
    return Approval(UUID(int=70), revision(2).id, DIGEST, OFFICER, role, None, (), 0, step, facts)


def test_the_last_step_approves_and_tells_how_late_it_was() -> None:
    owed = duty("approval_window", due_on=date(2026, 3, 9))
    who = pending(2, (owed,))
    assert who.pending is not None
    who = replace(who, pending=replace(who.pending, content=dict(COMPLETE)))
    s = at(date(2026, 3, 11), "head", rolling())
    out = approval.complete(who, signing_of(3, "head"), "d" * 64, "c" * 64, s, None)
    assert [closed.duty_id for closed in out.closed] == [owed.id]
    assert out.answer["late_days"] == 2
    assert changed(out, "approvals")["late_days"] == 2
    states = [w.values["state"] for w in out.writes if w.table == "revisions"]
    assert states == ["approved", "superseded"]


def test_returning_ends_the_step_that_was_waited_for() -> None:
    owed = duty("review_step")
    body = ReturnForCorrection(
        revision_id=revision(2).id,
        fields=(ReturnedField(path="hometown", reason="không khớp giấy khai sinh"),),
        reason="xem lại họ tên",
    )
    out = declaration.return_for_correction(pending(1, (owed,)), body, at(DAY, "hr_head", rolling()))
    assert [(c.duty_id, c.state, c.reason) for c in out.closed] == [(owed.id, "void", "returned")]


# --- the official's own signature


def test_where_the_law_asks_it_a_submission_is_signed_first() -> None:
    law = rolling(own_signature=True)
    out = submit(law, drafting())
    assert not out.settles
    assert not out.opened
    (row,) = [w.values for w in out.writes if w.table == "approvals"]
    assert (row["step"], row["approver_role"]) == (0, "official")
    assert row["facts"]["field"] == "official"
    assert changed(out, "revisions") == {"state": "signing"}
    assert out.subject == {"pending_revision_id": revision(3).id}


def being_signed(**more: Any) -> tuple[Life, Approval]:
    facts = {"field": "official", "places": [], "changed_on": "2026-02-27", "answers": []}
    one = revision(3, state="signing", evidence=("e" * 64,))
    made = Approval(UUID(int=70), one.id, DIGEST, ACCOUNT, "official", None, (), 0, steps.OWN, facts)
    return life(Chapter.SERVICE, pending=one, approval=made, **more), made


def test_once_signed_it_is_submitted_and_the_review_begins() -> None:
    who, made = being_signed()
    out = declaration.signed(who, made, "d" * 64, "c" * 64, at(DAY, "official", rolling(own_signature=True)))
    assert opened(out).duty.party == "hr_officer"
    assert event(out, "declaration.submitted").facts["changed_on"] == "2026-02-27"
    assert changed(out, "approvals")["state"] == "signed"
    assert out.answer["document"] == "d" * 64


@pytest.mark.parametrize("begun", [False, True])
def test_a_signature_that_fails_submits_nothing(begun: bool) -> None:
    more = {"draft": revision(4, state="draft")} if begun else {}
    who, made = being_signed(**more)
    s = at(DAY, "official", rolling(own_signature=True))
    out = declaration.not_signed(who, made, "signing-unavailable", s)
    assert out.status >= 400
    assert out.subject == {"pending_revision_id": None}
    assert changed(out, "revisions") == {"state": "superseded" if begun else "draft"}
    assert not out.opened


def test_nobody_approves_while_the_official_signs() -> None:
    who, _ = being_signed()
    with refused("in-flight"):
        approval.prepare(
            who, Approve(revision_id=revision(3).id, digest=DIGEST), at(DAY, "hr_officer", rolling()), None
        )
