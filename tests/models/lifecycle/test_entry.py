"""What the agency enters from a confirmed form, what the person says against it, and the answer owed."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from models.commands import AnswerError, Approve, EnterForm, ReportError, ReturnedField, ReturnForCorrection
from models.lifecycle import approval, declaration, errors
from models.lifecycle.life import Chapter, Life
from models.lifecycle.scene import Scene
from models.regulations import Declarations, in_force, load_policy
from tests.chains import rolling
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CULTURE,
    DIGEST,
    OFFICER,
    duty,
    event,
    life,
    notice,
    opened,
    own,
    refusal_in,
    refused,
    revision,
    scene,
)

MONDAY = date(2025, 3, 3)
FORM = "e" * 64
FIELDS = (ReturnedField(path="gender", reason="sai giới"),)


def desk(day: date = MONDAY, role: str = "hr_officer", **more: Any) -> Scene:
    """The draft whose agencies enter what people give them."""
    law = in_force("phu_yen", day, simulate=["phu_yen_2024"])
    facts = {"category": "civil_servant", "agency": "subordinate"}
    return scene(day, role=role, law=law, facts=facts, **more)


def body(**changes: Any) -> EnterForm:
    return EnterForm(**{"revision_id": revision().id, "digest": DIGEST, "confirmed_form": FORM, **changes})


def drafted(**more: Any) -> Life:
    more = {
        "draft": revision(author_id=OFFICER),
        "duties": (duty("first_declaration", event_on=MONDAY),),
        **more,
    }
    return life(Chapter.DECLARATION, **more)


@pytest.mark.rule("phu_yen.art5.2.b", "phu_yen.art5.2.c")
def test_the_agency_enters_the_confirmed_form_and_the_person_hears_of_it() -> None:
    out = declaration.enter(drafted(), body(), desk())
    assert out.subject["chapter"] is Chapter.REVIEW
    assert [c.duty_id for c in out.closed] == [duty("first_declaration").id]
    told = event(out, "declaration.entered")
    assert (told.rule_id, told.facts["confirmed_form"]) == ("phu_yen.art5.2.c", FORM)
    assert event(out, "declaration.submitted").rule_id == "phu_yen.art5.2.b"
    heard = notice(out, "entered_for_you")
    assert heard.account_id == ACCOUNT
    assert "Điều 5.2" in (heard.citation or "")
    authors = [w.values["author_id"] for w in out.writes if "author_id" in w.values]
    assert authors == [OFFICER]


@pytest.mark.rule("phu_yen.art5.2.c")
def test_without_the_confirmed_form_nothing_is_entered() -> None:
    with refused("evidence-required") as caught:
        declaration.enter(drafted(), body(confirmed_form="a" * 64), desk())
    assert "Điều 5.2" in (refusal_in(caught).citation or "")


def test_where_people_declare_themselves_nobody_enters_for_them() -> None:
    with refused("not-competent"):
        declaration.enter(drafted(), body(), scene(MONDAY))
    signing = rolling(own_signature=True)
    with refused("not-competent"):
        declaration.enter(drafted(), body(), scene(date(2026, 3, 2), law=signing))


def test_an_entry_is_judged_like_any_declaration() -> None:
    with refused("stale-revision"):
        declaration.enter(drafted(), body(digest="b" * 64), desk())
    incomplete = revision(author_id=OFFICER, content={"full_name": "x"})
    with refused("invalid-form"):
        declaration.enter(drafted(draft=incomplete), body(), desk())


def test_who_entered_it_does_not_approve_it() -> None:
    waiting = life(Chapter.REVIEW, pending=revision(2, "submitted", author_id=OFFICER))
    with refused("own-approval"):
        approval.prepare(waiting, Approve(revision_id=revision(2).id, digest=DIGEST), desk(role="head"), None)


@pytest.mark.rule("phu_yen.art18.2")
def test_an_entry_is_disputed_while_it_waits_and_an_answer_is_owed() -> None:
    waiting = life(Chapter.REVIEW, pending=revision(2, "submitted", author_id=OFFICER))
    law = in_force("phu_yen", MONDAY, simulate=["phu_yen_2024"])
    out = errors.report_error(
        waiting, ReportError(paths=("gender",), reason="nhập sai"), own(MONDAY, law=law)
    )
    found = opened(out, "error_notice")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert found.duty.due_on == date(2025, 3, 10)
    assert found.facts == {"policy": True, "paths": ["gender"]}
    assert "Điều 18.2" in found.duty.citation
    mine = replace(waiting, pending=revision(2, "submitted"))
    with refused("wrong-state"):
        errors.report_error(mine, ReportError(paths=("gender",), reason="nhập sai"), own(MONDAY, law=law))


@pytest.mark.rule("hanoi.art16.2.b")
def test_the_answer_meets_the_duty_and_reaches_the_person() -> None:
    owed = duty("error_notice", party="hr_officer", due_on=date(2025, 12, 5))
    state = life(duties=(owed,))
    answer = AnswerError(duty_id=owed.id, accepted=False, reason="đúng theo giấy khai sinh")
    out = errors.answer_error(state, answer, scene(date(2025, 12, 9)))
    assert out.answer == {"duty_id": str(owed.id), "accepted": False, "late_days": 2}
    assert event(out, "error.answered").rule_id == "hanoi.art16.2.b"
    assert notice(out, "error_answered").account_id == ACCOUNT
    with refused("not-found"):
        errors.answer_error(state, answer.model_copy(update={"duty_id": UUID(int=9)}), scene(MONDAY))


@pytest.mark.parametrize(("days", "due"), [(5, date(2025, 12, 8)), (2, date(2025, 12, 3))])
def test_the_period_of_a_correction_is_policy(days: int, due: date) -> None:
    policy = load_policy().model_copy(update={"declarations": Declarations(correction=days)})
    pending = life(Chapter.REVIEW, pending=revision(2, "submitted"))
    given = ReturnForCorrection(revision_id=revision(2).id, fields=FIELDS, reason="sửa giới tính")
    out = declaration.return_for_correction(
        pending, given, scene(date(2025, 12, 1), role="approver", policy=policy)
    )
    found = opened(out, "first_declaration")
    assert (found.duty.due_on, found.facts["policy"]) == (due, True)


def test_a_period_of_policy_without_its_calendar_year_is_unknown() -> None:
    pending = life(Chapter.REVIEW, pending=revision(2, "submitted"))
    given = ReturnForCorrection(revision_id=revision(2).id, fields=FIELDS, reason="sửa giới tính")
    out = declaration.return_for_correction(pending, given, scene(date(2027, 12, 30), role="approver"))
    assert opened(out, "first_declaration").duty.due_on is None
