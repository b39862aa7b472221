"""Accounts that one office issues for the whole authority: asked for, issued, lost and issued again."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from models.commands import CreateAccount, OpenProfile, ReportLostPassword, RequestAccount, ResetPassword
from models.lifecycle import account
from models.lifecycle.life import Account, AccountState, Chapter, Life
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.regulations import in_force
from tests.models.lifecycle.scenes import (
    ACCOUNT,
    AUTHORITY,
    CULTURE,
    DEPARTMENT,
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
    scene,
)

MONDAY = date(2026, 3, 2)
CENTRE = UUID(int=6)
LOGIN = CreateAccount(login="thu.nt", password_hash="hash")
ASKED = RequestAccount(document="15/YC-VP")
LOST = ReportLostPassword(reason="mất điện thoại", document="16/BC-VP")
AGAIN = ResetPassword(reason="đã báo mất", password_hash="new")


def at(day: date = MONDAY, role: str = "hr_officer", *, origin: str = "recruited", **more: Any) -> Scene:
    """The ministry's law: one Information Centre issues every personal account."""
    facts = {"category": "civil_servant", "agency": "subordinate", "origin": origin}
    more = {"ict_department_id": CENTRE, "facts": facts, **more}
    return scene(day, role=role, law=in_force("moha", day), **more)


def opening(day: date = MONDAY, origin: str = "recruited", **more: Any) -> Outcome:
    body = OpenProfile(
        agency_id=CULTURE,
        full_name="Nguyễn Thị Thử",
        personal_id_number="000190000001",
        origin=origin,
        event_on=day,
        document="12/QĐ",
    )
    return account.open_profile(PROFILE, AUTHORITY, body, at(day, origin=origin, **more))


def new(*duties: Any, **more: Any) -> Life:
    return life(Chapter.ACCOUNT, duties=duties, **more)


@pytest.mark.rule("moha.art7.1.a")
@pytest.mark.parametrize(
    ("decided", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 9)),
        (date(2026, 4, 24), date(2026, 5, 6)),  # 27 April for the Hùng Kings, 30 April, 1 May
        (date(2025, 12, 29), date(2026, 1, 7)),  # 1 and 2 January off
    ],
)
def test_the_unit_asks_within_five_working_days_of_the_decision(decided: date, due: date) -> None:
    out = opening(decided)
    found = opened(out, "account_request")
    assert (found.duty.party, found.duty.agency_id, found.duty.due_on) == ("hr_officer", CULTURE, due)
    assert found.duty.rule_id == "moha.art7.1.a"
    assert [o.duty.slot for o in out.opened] == ["account_request"]


@pytest.mark.rule("moha.art8.3.b")
def test_who_is_received_is_asked_for_as_well() -> None:
    out = opening(origin="received")
    found = opened(out, "account_request")
    assert (found.duty.rule_id, found.duty.due_on) == ("moha.art8.3.b", date(2026, 3, 9))
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)


@pytest.mark.rule("moha.art7.1.b")
@pytest.mark.parametrize(
    ("received", "due"), [(date(2026, 3, 4), date(2026, 3, 11)), (date(2026, 4, 23), date(2026, 5, 5))]
)
def test_the_information_centre_creates_within_five_working_days_of_the_request(
    received: date, due: date
) -> None:
    owed = duty("account_request", due_on=date(2026, 3, 9))
    out = account.request_account(new(owed), ASKED, at(received))
    found = opened(out, "personal_account")
    assert (found.duty.party, found.duty.agency_id) == ("administrator", CENTRE)
    assert (found.duty.event_on, found.duty.due_on) == (received, due)
    assert out.answer["due_on"] == due.isoformat()
    assert [c.duty_id for c in out.closed] == [owed.id]
    assert notice(out, "duty_opened").agency_id == CENTRE
    assert event(out, "account.requested").facts["document"] == "15/YC-VP"


@pytest.mark.rule("moha.art7.1.b")
def test_without_a_centre_named_the_department_answers_for_it() -> None:
    out = account.request_account(new(), ASKED, at(ict_department_id=None))
    assert opened(out, "personal_account").duty.agency_id == DEPARTMENT


def test_a_late_request_says_by_how_much() -> None:
    owed = duty("account_request", due_on=date(2026, 3, 2))
    assert account.request_account(new(owed), ASKED, at(date(2026, 3, 5))).answer["late_days"] == 3


@pytest.mark.rule("moha.art7.1.b")
def test_only_who_the_law_names_creates_the_account_and_only_when_asked() -> None:
    asked = new(duty("personal_account", party="administrator", agency_id=CENTRE))
    with refused("not-competent") as caught:
        account.create_account(asked, LOGIN, at())
    assert "Điều 7.1 câu 2" in (refusal_in(caught).citation or "")
    with refused("wrong-state") as caught:
        account.create_account(new(), LOGIN, at(role="administrator"))
    assert "Điều 7.1" in (refusal_in(caught).citation or "")
    out = account.create_account(asked, LOGIN, at(role="administrator"))
    assert inserted(out, "accounts")["login"] == "thu.nt"
    assert len(out.closed) == 1
    assert opened(out, "first_declaration", signature="individual_digital").duty.rule_id == "moha.art7.2"


@pytest.mark.rule("moha.art4.4")
def test_nobody_gets_a_second_account() -> None:
    held = new(account=Account(ACCOUNT, AccountState.ACTIVE))
    for ask in (
        lambda: account.request_account(held, ASKED, at()),
        lambda: account.create_account(held, LOGIN, at(role="administrator")),
    ):
        with refused("wrong-state") as caught:
            ask()
        assert refusal_in(caught).citation == "Quy chế kèm QĐ 832/QĐ-BNV, Điều 4.4"


def test_a_request_is_made_once_and_while_the_account_is_awaited() -> None:
    with refused("wrong-state"):
        account.request_account(new(duty("personal_account")), ASKED, at())
    with refused("wrong-state"):
        account.request_account(life(Chapter.SERVICE), ASKED, at())


@pytest.mark.rule("moha.art8.3.c")
def test_who_was_received_checks_what_came_instead_of_declaring_first() -> None:
    came = new(duty("personal_account"), origin="received")
    out = account.create_account(came, LOGIN, at(role="administrator", origin="received"))
    assert opened(out, "intake_check", signature="individual_digital").duty.due_on == date(2026, 3, 9)


@pytest.mark.rule("moha.art14.4.b")
def test_a_lost_password_locks_the_account_and_the_centre_issues_a_new_one() -> None:
    out = account.report_lost_password(life(), LOST, at())
    assert changed(out, "accounts") == {"password_hash": "!", "state": AccountState.DEFAULT_PASSWORD}
    assert inserted(out, "sessions_ended") == {"account_id": ACCOUNT}
    found = opened(out, "lost_password")
    assert (found.duty.party, found.duty.agency_id) == ("administrator", CENTRE)
    assert found.facts["document"] == "16/BC-VP"
    told = notice(out, "password_lost")
    assert (told.agency_id, told.role) == (CULTURE, "head")
    assert "Điều 14.4" in (told.citation or "")


@pytest.mark.rule("moha.art14.4.b")
def test_the_report_is_in_writing() -> None:
    with refused("evidence-required") as caught:
        account.report_lost_password(life(), replace_document(LOST), at())
    assert "Điều 14.4" in (refusal_in(caught).citation or "")


def replace_document(body: ReportLostPassword) -> ReportLostPassword:
    return body.model_copy(update={"document": None})


@pytest.mark.rule("moha.art12.6")
def test_the_new_password_answers_the_report_and_only_the_centre_issues_it() -> None:
    owed = duty("lost_password", party="administrator", agency_id=CENTRE)
    locked = life(duties=(owed,))
    with refused("not-competent") as caught:
        account.reset_password(locked, AGAIN, at())
    assert "Điều 12.6" in (refusal_in(caught).citation or "")
    out = account.reset_password(locked, AGAIN, at(role="administrator"))
    assert [c.duty_id for c in out.closed] == [owed.id]
    assert changed(out, "accounts")["password_hash"] == "new"


def test_a_loss_is_reported_once_and_of_an_account_in_use() -> None:
    with refused("wrong-state"):
        account.report_lost_password(life(duties=(duty("lost_password"),)), LOST, at())
    with refused("wrong-state"):
        account.report_lost_password(new(), LOST, at())
    gone = life(account=Account(ACCOUNT, AccountState.CANCELLED))
    with refused("wrong-state"):
        account.report_lost_password(gone, LOST, at())


def test_where_no_law_asks_for_the_report_the_account_is_locked_all_the_same() -> None:
    out = account.report_lost_password(life(), replace_document(LOST), scene(MONDAY))
    assert changed(out, "accounts")["password_hash"] == "!"
    assert not out.opened
    assert {(n.agency_id, n.role) for n in out.notices} == {(CULTURE, "head"), (CULTURE, "hr_officer")}


def test_a_post_account_reset_leaves_the_report_open() -> None:
    post = UUID(int=77)
    locked = replace(life(duties=(duty("lost_password"),)), post_accounts=(post,))
    body = AGAIN.model_copy(update={"account_id": post})
    assert not account.reset_password(locked, body, at(role="administrator")).closed
