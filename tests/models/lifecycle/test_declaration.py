"""Submitting and returning: what is refused, which duties a submission meets, and how late it is."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from models.calendar import at_local
from models.commands import ReturnedField, ReturnForCorrection, SubmitDeclaration
from models.lifecycle.declaration import return_for_correction, submit
from models.lifecycle.life import Chapter, Life
from models.lifecycle.outcome import Outcome
from models.regulations import Deadline, in_force
from tests.forms import COMPLETE
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CULTURE,
    DIGEST,
    MONTH,
    agency_month,
    changed,
    duty,
    event,
    inserted,
    life,
    notice,
    opened,
    own,
    refusal_in,
    refused,
    revision,
    scene,
    transfer,
)

FRIDAY = date(2025, 12, 5)
SLOTS = ("first_declaration", "intake_check", "transfer_check")


def body(**changes: object) -> SubmitDeclaration:
    return SubmitDeclaration(**{"revision_id": revision().id, "digest": DIGEST, **changes})


def drafted(chapter: Chapter = Chapter.SERVICE, **changes: object) -> Life:
    return life(chapter, **{"draft": revision(), **changes})


# --- refusals


@pytest.mark.parametrize("chapter", [Chapter.ACCOUNT, Chapter.SEPARATION, Chapter.ARCHIVE])
def test_nothing_is_submitted_outside_working_life(chapter: Chapter) -> None:
    with refused("wrong-state"):
        submit(drafted(chapter), body(), own(FRIDAY))


def test_only_the_own_draft_is_submitted() -> None:
    for state in (drafted(draft=None), drafted(draft=revision(9))):
        with refused("not-found"):
            submit(state, body(), own(FRIDAY))


def test_a_draft_changed_since_it_was_seen_is_refused() -> None:
    with refused("stale-revision") as caught:
        submit(drafted(), body(digest="0" * 64), own(FRIDAY))
    assert refusal_in(caught).extra == {"current_revision": 2}


def test_one_submission_waits_at_a_time() -> None:
    with refused("in-flight") as caught:
        submit(drafted(pending=revision(1, "submitted")), body(), own(FRIDAY))
    assert refusal_in(caught).extra == {"pending_revision": 1}


def test_a_change_of_tomorrow_is_refused() -> None:
    with refused("future-date"):
        submit(drafted(), body(changed_on=date(2025, 12, 6)), own(FRIDAY))


def test_a_duty_that_is_not_open_cannot_be_answered() -> None:
    with refused("not-found"):
        submit(drafted(), body(changed_on=FRIDAY, answers=(UUID(int=99),)), own(FRIDAY))


@pytest.mark.rule("hanoi.art6.3")
def test_an_update_names_the_day_of_the_change() -> None:
    with refused("impossible-date") as caught:
        submit(drafted(), body(), own(FRIDAY))
    assert "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 6.3" in str(refusal_in(caught).citation)


@pytest.mark.rule("hanoi.art6.3")
def test_an_update_needs_the_digitised_document() -> None:
    with refused("evidence-required") as caught:
        submit(drafted(draft=revision(evidence=())), body(changed_on=FRIDAY), own(FRIDAY))
    assert "Điều 6.3" in str(refusal_in(caught).citation)


@pytest.mark.rule("hanoi.art6.3")
def test_an_update_needs_a_copy_that_was_certified() -> None:
    """Any file is not enough: the article asks for the copy of a document that was confirmed."""
    plain = drafted(draft=revision(certified=0))
    with refused("evidence-required") as caught:
        submit(plain, body(changed_on=FRIDAY), own(FRIDAY))
    assert "Điều 6.3" in str(refusal_in(caught).citation)
    law = in_force("hanoi", FRIDAY).replace("hanoi.art6.3", evidence_certified=False)
    assert submit(plain, body(changed_on=FRIDAY), own(FRIDAY, law=law)).status == 200


def test_a_law_that_asks_for_any_copy_takes_any() -> None:
    """TT 06/2023 art. 6 as reported: a digitised document; nothing is said of who certified it."""
    law = in_force("hanoi", FRIDAY).without("hanoi.art6.3")
    assert law.slot("update_after_change").evidence_required
    assert (
        submit(drafted(draft=revision(certified=0)), body(changed_on=FRIDAY), own(FRIDAY, law=law)).status
        == 200
    )
    with refused("evidence-required"):
        submit(
            drafted(draft=revision(evidence=(), certified=0)), body(changed_on=FRIDAY), own(FRIDAY, law=law)
        )


def test_without_a_rule_that_asks_for_it_no_document_is_needed() -> None:
    law = in_force("hanoi", FRIDAY).replace("hanoi.art6.3", evidence=None)
    law = law.replace("tt06.art6.2", evidence=None)
    state = drafted(draft=revision(evidence=()))
    assert submit(state, body(changed_on=FRIDAY), own(FRIDAY, law=law)).status == 200


def test_an_incomplete_form_is_refused_field_by_field() -> None:
    content = {k: v for k, v in COMPLETE.items() if k not in ("hometown", "gender")}
    with refused("invalid-form") as caught:
        submit(drafted(draft=revision(content=content)), body(changed_on=FRIDAY), own(FRIDAY))
    refusal = refusal_in(caught)
    assert sorted(field.path for field in refusal.fields) == ["gender", "hometown"]
    assert refusal.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 6.1"


# --- the first declaration


def test_the_first_declaration_moves_to_review_and_needs_neither_date_nor_document() -> None:
    owed = duty("first_declaration", due_on=None, due_at=None)
    state = drafted(Chapter.DECLARATION, draft=revision(1, evidence=()), duties=(owed,))
    out = submit(state, body(revision_id=revision(1).id), own(FRIDAY))
    assert out.subject == {
        "pending_revision_id": revision(1).id,
        "revision_number": 1,
        "chapter": Chapter.REVIEW,
    }
    assert changed(out, "revisions") == {"state": "submitted", "submitted_at": at_local(FRIDAY, 9)}
    assert [(c.duty_id, c.state) for c in out.closed] == [(owed.id, "met")]
    assert event(out, "declaration.submitted").rule_id == "hanoi.art6.2.e"
    assert notice(out, "submission_arrived").role == "hr_officer"


def test_the_check_after_an_intake_is_met_by_the_first_declaration_late_or_not() -> None:
    state = drafted(Chapter.DECLARATION, duties=(duty("intake_check"),))
    assert submit(state, body(), own(FRIDAY)).answer["late_days"] == 0
    assert submit(state, body(), own(date(2025, 12, 9))).answer["late_days"] == 2


def test_a_first_declaration_during_a_transfer_is_still_the_first() -> None:
    state = drafted(
        Chapter.TRANSFER,
        approved_revision_id=None,
        case=transfer(before=Chapter.DECLARATION),
        duties=(duty("first_declaration", due_on=None, due_at=None),),
    )
    out = submit(state, body(), own(FRIDAY))
    assert len(out.closed) == 1
    assert event(out, "declaration.submitted").rule_id == "hanoi.art6.2.e"


# --- updates


def test_an_update_meets_what_it_names_what_it_dates_and_what_stands() -> None:
    named = duty(id=UUID(int=91), event_on=date(2025, 11, 3))
    dated = duty(id=UUID(int=92), event_on=date(2025, 12, 1))
    other = duty(id=UUID(int=93), event_on=date(2025, 12, 2))
    corrected = duty(id=UUID(int=94), event_on=date(2025, 12, 4), returned=True)
    checks = [duty(slot) for slot in SLOTS[1:]]
    first = duty("first_declaration", id=UUID(int=95))
    state = drafted(duties=(named, dated, other, corrected, *checks, first))
    out = submit(state, body(changed_on=date(2025, 12, 1), answers=(named.id,)), own(FRIDAY))
    met = {c.duty_id for c in out.closed}
    assert met == {named.id, dated.id, corrected.id, *(c.id for c in checks)}
    assert {c.state for c in out.closed} == {"met"}


def test_a_check_alone_needs_no_date_of_change() -> None:
    out = submit(drafted(duties=(duty("transfer_check"),)), body(), own(FRIDAY))
    assert len(out.closed) == 1


@pytest.mark.rule("hanoi.art6.3")
@pytest.mark.parametrize(
    ("changed_on", "arrived", "late"),
    [
        (date(2025, 12, 1), date(2025, 12, 8), 0),
        (date(2025, 12, 1), date(2025, 12, 9), 1),
        (date(2025, 12, 29), date(2026, 1, 7), 0),  # 1 and 2 January off
        (date(2025, 12, 29), date(2026, 1, 12), 4),  # 8, 9, the swapped Saturday 10, 12
        (date(2025, 1, 24), date(2025, 2, 7), 0),  # Tết 2025
        (date(2026, 2, 13), date(2026, 3, 2), 1),  # Tết 2026: due Friday 27 February
        (date(2025, 11, 28), date(2025, 12, 6), 1),  # due Friday, arrived on Saturday
    ],
)
def test_a_change_told_late_is_accepted_and_flagged(changed_on: date, arrived: date, late: int) -> None:
    out = submit(drafted(), body(changed_on=changed_on), own(arrived))
    assert out.status == 200
    assert out.answer["late_days"] == late
    told = event(out, "declaration.submitted")
    assert (told.facts["late_days"], told.facts["changed_on"]) == (late, changed_on.isoformat())
    assert "Điều 6.3" in str(told.citation)


def test_an_uncertain_period_is_not_held_against_the_person() -> None:
    out = submit(drafted(), body(changed_on=date(2019, 5, 6)), own(FRIDAY))
    assert out.answer["late_days"] == 0


def test_a_rule_without_a_period_makes_nobody_late() -> None:
    law = in_force("hanoi", FRIDAY).replace("hanoi.art6.3", deadline=Deadline(unit="open"))
    assert submit(drafted(), body(changed_on=date(2025, 3, 3)), own(FRIDAY, law=law)).answer["late_days"] == 0


def test_a_correction_in_its_own_time_is_not_late_by_the_date_of_the_change() -> None:
    corrected = duty(event_on=date(2025, 12, 4), due_on=date(2025, 12, 11), returned=True)
    out = submit(drafted(duties=(corrected,)), body(changed_on=date(2025, 11, 3)), own(date(2025, 12, 9)))
    assert out.answer["late_days"] == 0


# --- returned for correction


def returning(state: Life, today: date = FRIDAY, **changes: object) -> Outcome:
    given = {
        "revision_id": revision(2).id,
        "fields": (ReturnedField(path="hometown", reason="sai xã"),),
        "reason": "sửa quê quán",
    }
    month = changes.pop("month", None)
    return return_for_correction(
        state, ReturnForCorrection(**{**given, **changes}), scene(today, role="approver"), month
    )


def submitted(chapter: Chapter = Chapter.SERVICE, **changes: object) -> Life:
    return life(chapter, **{"pending": revision(2, "submitted"), "revision_number": 2, **changes})


def test_a_return_opens_the_next_draft_from_the_same_content() -> None:
    out = returning(submitted(Chapter.REVIEW))
    assert out.answer == {"revision": 2, "draft_number": 3}
    assert out.subject == {"pending_revision_id": None, "revision_number": 3, "chapter": Chapter.DECLARATION}
    copied = inserted(out, "draft_from")
    assert (copied["source"], copied["number"]) == (revision(2).id, 3)
    assert changed(out, "revisions") == {
        "state": "returned",
        "returned_fields": [{"path": "hometown", "reason": "sai xã"}, {"reason": "sửa quê quán"}],
    }
    found = opened(out, "first_declaration")
    assert (found.facts["returned"], found.facts["policy"]) == (True, True)
    assert found.duty.returned


@pytest.mark.rule("hanoi.art6.3")
def test_a_returned_update_has_its_period_again() -> None:
    out = returning(submitted(), date(2025, 12, 29))
    found = opened(out, "update_after_change")
    assert (found.duty.party, found.duty.due_on) == ("person", date(2026, 1, 7))
    assert "Điều 6.3" in found.duty.citation
    assert found.facts == {"returned": True, "policy": True}
    assert "chapter" not in out.subject


def test_a_draft_begun_meanwhile_is_kept() -> None:
    out = returning(submitted(draft=revision(3)))
    assert [w.table for w in out.writes] == ["revisions"]
    assert out.answer["draft_number"] == 3
    assert "revision_number" not in out.subject


def test_a_return_leaves_the_months_list() -> None:
    out = returning(submitted(), month=agency_month())
    item = changed(out, "month_items")
    assert (item["state"], item["changed_at"]) == ("returned", at_local(FRIDAY, 9))
    ((workflow, payload),) = out.tell
    assert (workflow, payload) == (f"month-end/{CULTURE}/2025-12", {"month": MONTH})


def test_a_return_during_a_transfer_before_the_first_approval() -> None:
    state = submitted(Chapter.TRANSFER, approved_revision_id=None, case=transfer(before=Chapter.REVIEW))
    out = returning(state)
    assert opened(out, "first_declaration").duty.returned
    assert "chapter" not in out.subject


@pytest.mark.parametrize(
    "pending", [None, revision(9, "submitted"), revision(2, "signing"), revision(2, "returned")]
)
def test_only_what_waits_is_returned(pending: object) -> None:
    with refused("wrong-state"):
        returning(submitted(pending=pending))


def test_a_field_that_the_form_does_not_have_is_named() -> None:
    with refused("malformed-request") as caught:
        returning(submitted(), fields=(ReturnedField(path="shoe_size", reason="không có"),))
    assert refusal_in(caught).extra == {"path": "shoe_size"}


def test_nobody_returns_the_own_profile_or_the_own_entry() -> None:
    given = ReturnForCorrection(
        revision_id=revision(2).id, fields=(ReturnedField(path="gender", reason="sai"),), reason="sửa"
    )
    for actor in (
        own(FRIDAY),
        scene(FRIDAY, role="approver", actor_id=ACCOUNT),
        replace(own(FRIDAY), actor_role="approver"),
    ):
        with refused("own-approval"):
            return_for_correction(submitted(), given, actor, None)
