"""Taking somebody over from the national database: who may ask, what is filled, what each failure means."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from models.commands import CreateAccount, PullNationalRecord
from models.lifecycle import intake
from models.lifecycle.account import create_account
from models.lifecycle.life import Account, AccountState, Chapter, Life
from models.lifecycle.pulled import Pulled
from models.regulations import in_force
from tests.forms import COMPLETE
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    CULTURE,
    OFFICER,
    changed,
    duty,
    event,
    inserted,
    life,
    notice,
    opened,
    refused,
    revision,
    scene,
)

DAY = date(2025, 12, 3)
RECORD = UUID(int=77)
PULL = duty("intake_pull", party="hr_officer", citation="Điều 12.2 mục 2.2.b", event_on=date(2025, 12, 1))


def pulled(**changes: Any) -> Pulled:
    base = Pulled(
        id=RECORD,
        content={**COMPLETE, "employing_unit_id": "H15.2"},
        form_version="tt06_2023",
        asked_by=OFFICER,
        fetched_at=datetime(2025, 12, 3, 2, 0, tzinfo=UTC),
        held_by="H15",
        status="moved_out",
        digest="a" * 64,
    )
    return replace(base, **changes)


def waiting(chapter: Chapter = Chapter.ACCOUNT, **changes: Any) -> Life:
    given = {"duties": (PULL,), "origin": "received_with_national_record", **changes}
    return life(chapter, **given)


# --- asking


@pytest.mark.parametrize("chapter", [Chapter.ACCOUNT, Chapter.DECLARATION, Chapter.SERVICE])
def test_the_record_is_asked_for_before_anything_is_decided(chapter: Chapter) -> None:
    out = intake.ask(waiting(chapter), PullNationalRecord(), scene(DAY))
    assert (out.settles, out.answer, out.empty) == (False, {"pull": True}, True)


@pytest.mark.rule("hanoi.art12.2.2.b")
def test_only_somebody_received_with_a_record_is_pulled() -> None:
    with refused("wrong-state") as caught:
        intake.ask(life(Chapter.ACCOUNT), PullNationalRecord(), scene(DAY))
    assert "2.2.b" in caught.value.refusal.citation


def test_not_over_a_submission_that_waits_nor_for_somebody_who_left() -> None:
    with refused("approval-open"):
        intake.ask(
            waiting(Chapter.REVIEW, pending=revision(state="submitted")), PullNationalRecord(), scene(DAY)
        )
    with refused("wrong-state"):
        intake.ask(waiting(Chapter.ARCHIVE), PullNationalRecord(), scene(DAY))


# --- taking over


@pytest.mark.rule("hanoi.art12.2.2.b", "tt06.art11.1.b")
def test_the_record_fills_the_draft_and_meets_the_duty() -> None:
    out = intake.complete(waiting(pulled=pulled(), base={}), scene(date(2025, 12, 9)))
    (closed,) = out.closed
    assert (closed.duty_id, closed.state, closed.late_days) == (PULL.id, "met", 2)
    draft = inserted(out, "draft_prefilled")
    assert draft["content"]["birth_full_name"] == COMPLETE["birth_full_name"]
    assert "employing_unit_id" not in draft["content"], "the former agency's word is not ours"
    assert (draft["number"], draft["before"], draft["author"]) == (1, None, OFFICER)
    told = event(out, "intake.pulled")
    assert (told.facts["record"], told.facts["held_by"], told.facts["status"]) == (
        str(RECORD),
        "H15",
        "moved_out",
    )
    assert "Điều 12.2 mục 2.2.b; TT 06/2023/TT-BNV, Quy chế, Điều 11.1.b" in str(told.citation)
    assert changed(out, "national_records")["state"] == "used"
    assert out.answer["late_days"] == 2
    assert set(out.answer["filled"]) == set(draft["content"])


@pytest.mark.rule("tt06.art4")
def test_nobody_declares_again_what_is_held_and_the_answer_says_by_which_rule() -> None:
    account = Account(ACCOUNT, AccountState.ACTIVE)
    state = waiting(Chapter.DECLARATION, account=account, pulled=pulled(), base={})
    out = intake.complete(state, scene(DAY))
    assert out.answer["no_redeclaration"] == "TT 06/2023/TT-BNV, Quy chế, Điều 4"
    assert event(out, "draft.prefilled").rule_id == "tt06.art4"
    told = notice(out, "draft_prefilled")
    assert (told.account_id, told.citation) == (ACCOUNT, "TT 06/2023/TT-BNV, Quy chế, Điều 4")
    assert inserted(out, "draft_prefilled")["author"] == ACCOUNT


def test_what_the_person_entered_stays_and_is_said() -> None:
    mine = revision(1, digest="b" * 64)
    entered = {"contact_phone": "0911111111"}
    state = waiting(Chapter.DECLARATION, draft=mine, pulled=pulled(), base=entered, base_form="tt06_2023")
    out = intake.complete(state, scene(DAY))
    draft = inserted(out, "draft_prefilled")
    assert draft["content"]["contact_phone"] == "0911111111"
    assert (draft["id"], draft["number"], draft["before"]) == (mine.id, 1, "b" * 64)
    assert out.answer["kept"] == ["contact_phone"]
    assert event(out, "draft.prefilled").facts["kept"] == ["contact_phone"]


def test_a_record_that_adds_nothing_writes_no_draft() -> None:
    state = waiting(Chapter.DECLARATION, pulled=pulled(), base=dict(COMPLETE), base_form="tt06_2023")
    out = intake.complete(state, scene(DAY))
    assert [w.table for w in out.writes] == ["national_records"]
    assert (out.answer["filled"], [c.state for c in out.closed]) == ([], ["met"])


def test_a_second_record_after_the_first_changes_nothing() -> None:
    out = intake.complete(life(Chapter.ACCOUNT, pulled=pulled(), base={}), scene(DAY))
    assert (out.status, out.answer["code"], out.writes, out.closed) == (409, "wrong-state", [], [])


# --- no record


@pytest.mark.rule("hanoi.art12.2.2.a")
def test_whom_nobody_knows_is_received_without_a_record() -> None:
    out = intake.fail(waiting(), "no-national-record", {}, scene(DAY))
    assert (out.status, out.answer["code"]) == (404, "no-national-record")
    (closed,) = out.closed
    assert (closed.state, closed.reason) == ("void", "no-national-record")
    account = opened(out, "intake_account").duty
    assert (account.event_on, account.due_on) == (date(2025, 12, 1), date(2025, 12, 15))
    assert account.rule_id == "hanoi.art12.2.2.a"
    assert out.subject == {"origin": "received"}
    has_one = waiting(Chapter.DECLARATION, account=Account(ACCOUNT, AccountState.ACTIVE))
    assert intake.fail(has_one, "no-national-record", {}, scene(DAY)).opened == []


@pytest.mark.rule("hanoi.art12.2.2.b")
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("national-maintenance", 503),
        ("national-unreachable", 503),
        ("national-not-configured", 503),
        ("several-national-records", 409),
        ("no-personal-number", 409),
        ("national-refused", 502),
        ("national-answer-broken", 502),
        ("national-record-unreadable", 502),
    ],
)
def test_any_other_failure_leaves_the_duty_open(code: str, status: int) -> None:
    out = intake.fail(waiting(), code, {"until": "x"}, scene(DAY))
    assert (out.status, out.answer["code"], out.answer["extra"]) == (status, code, {"until": "x"})
    assert "2.2.b" in out.answer["citation"]
    assert (out.closed, out.opened, out.writes, out.subject) == ([], [], [], {})
    assert event(out, "intake.not_pulled").facts == {"reason": code}


# --- and the account


@pytest.mark.rule("hanoi.art12.2.2.b")
def test_an_account_does_not_stand_for_the_record_and_the_person_checks_it() -> None:
    body = CreateAccount(login="thu.nt", password_hash="x")
    out = create_account(waiting(), body, scene(DAY))
    assert out.closed == []
    after = create_account(waiting(duties=()), body, scene(DAY))
    assert [o.duty.slot for o in after.opened] == ["default_password", "intake_check"]
    assert opened(after, "intake_check").duty.agency_id == CULTURE
    unknown = in_force("hanoi", DAY).without("hanoi.art12.2.2.b").without("tt06.art11.1.b")
    with refused("wrong-state") as caught:
        intake.ask(waiting(duties=()), PullNationalRecord(), scene(DAY, law=unknown))
    assert caught.value.refusal.citation is None
