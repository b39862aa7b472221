"""The first chapter: a profile is opened, its account made, the default password changed."""

from datetime import date
from uuid import UUID

import pytest

from models.calendar import at_local
from models.commands import ActivateAccount, CreateAccount, OpenProfile
from models.lifecycle.account import activate_account, create_account, open_profile
from models.lifecycle.life import Account, AccountState, Chapter, Status
from models.lifecycle.outcome import Outcome
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
    own,
    refused,
    scene,
)

MONDAY = date(2025, 12, 1)
LOGIN = CreateAccount(login="thu.nt", password_hash="hash")


def opening(origin: str = "recruited", event_on: date = MONDAY, today: date | None = None) -> Outcome:
    body = OpenProfile(
        agency_id=CULTURE,
        full_name="Nguyễn Thị Thử",
        personal_id_number="000190000001",
        origin=origin,
        event_on=event_on,
        document="12/QĐ",
    )
    return open_profile(PROFILE, AUTHORITY, body, scene(today or event_on))


def test_opening_begins_custody_on_the_day_of_the_decision() -> None:
    out = opening(today=date(2025, 12, 3))
    assert out.status == 201
    assert out.subject["chapter"] is Chapter.ACCOUNT
    assert out.subject["status"] is Status.PENDING
    custody = inserted(out, "custody")
    assert (custody["agency_id"], custody["starts_on"], custody["ends_on"]) == (CULTURE, MONDAY, None)
    assert event(out, "profile.opened").facts == {"origin": "recruited", "event_on": "2025-12-01"}


def test_a_decision_of_tomorrow_is_refused() -> None:
    with refused("future-date"):
        opening(event_on=date(2025, 12, 2), today=MONDAY)


@pytest.mark.rule("hanoi.art6.2.c", "tt06.art6.1")
def test_the_agency_owes_the_account_and_no_text_says_by_when() -> None:
    found = opened(opening(), "personal_account")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.duty.due_on, found.duty.due_at, found.duty.next_wake_at) == (None, None, None)
    assert found.facts == {"document": "12/QĐ", "no_period": True}
    assert found.duty.rule_id == "hanoi.art6.2.c"
    assert found.duty.citation == (
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 6.2 đoạn 1; TT 06/2023/TT-BNV, Quy chế, Điều 6"
    )


@pytest.mark.rule("hanoi.art12.2.2.a")
@pytest.mark.parametrize(
    ("handed_over", "due"),
    [
        (date(2025, 12, 1), date(2025, 12, 15)),
        (date(2025, 12, 24), date(2026, 1, 9)),  # 1 January off, 2 January off for Saturday 10 January
        (date(2025, 12, 29), date(2026, 1, 13)),  # … on which Saturday is worked
        (date(2025, 1, 20), date(2025, 2, 10)),  # across Tết 2025
    ],
)
def test_an_account_for_somebody_received_is_due_in_ten_working_days(handed_over: date, due: date) -> None:
    found = opened(opening("received", handed_over), "intake_account")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert found.duty.due_on == due
    assert found.duty.rule_id == "hanoi.art12.2.2.a"
    assert "Điều 12.2 mục 2.2.a" in found.duty.citation
    assert found.facts == {"document": "12/QĐ"}


@pytest.mark.rule("tt06.art11.1.b")
def test_the_account_of_somebody_received_cites_the_circular_too() -> None:
    found = opened(opening("received"), "intake_account")
    assert "TT 06/2023/TT-BNV, Quy chế, Điều 11.1.b" in found.duty.citation


@pytest.mark.rule("hanoi.art12.2.2.b")
def test_a_national_record_is_pulled_at_once_by_policy_the_next_working_day() -> None:
    found = opened(opening("received_with_national_record", date(2025, 12, 31)), "intake_pull")
    assert (found.duty.party, found.duty.agency_id) == ("hr_officer", CULTURE)
    assert (found.nominal_due_on, found.duty.due_on) == (date(2025, 12, 31), date(2026, 1, 5))
    assert found.duty.due_at == at_local(date(2026, 1, 6), 0)
    assert "Điều 12.2 mục 2.2.b" in found.duty.citation
    assert found.facts == {"document": "12/QĐ"}


def test_an_intake_told_after_its_date_is_late_from_the_start() -> None:
    out = opening("received", MONDAY, today=date(2025, 12, 16))
    assert opened(out, "intake_account").duty.due_on == date(2025, 12, 15)
    assert event(out, "duty.opened").facts["late"] is True
    (only,) = out.notices
    assert only.kind == "duty_opened_late"


def test_a_hand_over_before_the_calendar_opens_a_duty_without_a_date() -> None:
    out = opening("received", date(2019, 5, 6), today=MONDAY)
    found = opened(out, "intake_account")
    assert (found.duty.due_on, found.facts["due_unknown"]) == (None, 2019)
    told = notice(out, "calendar_year_missing")
    assert (told.agency_id, told.role, told.facts) == (DEPARTMENT, "administrator", {"year": 2019})


# --- the account


def test_an_account_is_personal_and_begins_with_a_default_password() -> None:
    out = create_account(life(Chapter.ACCOUNT), LOGIN, scene(MONDAY))
    row = inserted(out, "accounts")
    assert (row["kind"], row["state"], row["agency_id"]) == (
        "personal",
        AccountState.DEFAULT_PASSWORD,
        CULTURE,
    )
    assert out.subject == {"account_id": row["id"]}
    assert out.answer == {"account_id": str(row["id"]), "login": "thu.nt"}


def test_a_second_account_is_refused() -> None:
    account = Account(ACCOUNT, AccountState.DEFAULT_PASSWORD)
    with refused("wrong-state"):
        create_account(life(Chapter.ACCOUNT, account=account), LOGIN, scene(MONDAY))


@pytest.mark.parametrize("chapter", [c for c in Chapter if c is not Chapter.ACCOUNT])
def test_an_account_belongs_to_the_first_chapter(chapter: Chapter) -> None:
    with refused("wrong-state") as caught:
        create_account(life(chapter, account=None), LOGIN, scene(MONDAY))
    assert caught.value.refusal.extra == {"chapter": str(chapter)}


@pytest.mark.parametrize(
    ("made_on", "late"),
    [
        (date(2025, 12, 5), 0),
        (date(2025, 12, 6), 1),  # Saturday after the Friday: late, though no working day passed
        (date(2025, 12, 8), 1),
        (date(2025, 12, 10), 3),
    ],
)
def test_making_the_account_meets_the_duty_late_by_working_days(made_on: date, late: int) -> None:
    owed = duty("intake_account", party="hr_officer")
    out = create_account(life(Chapter.ACCOUNT, duties=(owed,)), LOGIN, scene(made_on))
    (closed,) = out.closed
    assert (closed.duty_id, closed.state, closed.on, closed.late_days) == (owed.id, "met", made_on, late)
    assert out.answer["late_days"] == late


def test_lateness_skips_tet_and_the_swapped_saturday() -> None:
    over_tet = duty("personal_account", due_on=date(2025, 1, 24), due_at=at_local(date(2025, 1, 25), 0))
    out = create_account(life(Chapter.ACCOUNT, duties=(over_tet,)), LOGIN, scene(date(2025, 2, 4)))
    assert out.answer["late_days"] == 2
    swapped = duty("personal_account", due_on=date(2025, 12, 31), due_at=at_local(date(2026, 1, 1), 0))
    out = create_account(life(Chapter.ACCOUNT, duties=(swapped,)), LOGIN, scene(date(2026, 1, 12)))
    assert out.answer["late_days"] == 7  # 5–9, 10 (Saturday worked) and 12 January


def test_lateness_without_its_calendar_year_counts_days() -> None:
    old = duty("personal_account", due_on=date(2023, 12, 20), due_at=at_local(date(2023, 12, 21), 0))
    out = create_account(life(Chapter.ACCOUNT, duties=(old,)), LOGIN, scene(date(2025, 1, 10)))
    assert out.answer["late_days"] == 387


@pytest.mark.rule("hanoi.art6.2.d")
def test_the_default_password_must_be_changed_by_the_person() -> None:
    out = create_account(life(Chapter.ACCOUNT), LOGIN, scene(MONDAY))
    found = opened(out, "default_password")
    assert (found.duty.party, found.duty.agency_id, found.duty.due_on) == ("person", CULTURE, None)
    assert found.facts == {"no_period": True}
    told = [n for n in out.notices if n.duty_id == found.duty.id]
    assert [(n.kind, n.account_id, n.role) for n in told] == [
        ("duty_opened", UUID(out.answer["account_id"]), None)
    ]


@pytest.mark.rule("hanoi.art6.2.e", "tt06.art6.2")
def test_somebody_recruited_then_owes_the_first_declaration() -> None:
    out = create_account(life(Chapter.ACCOUNT), LOGIN, scene(MONDAY))
    found = opened(out, "first_declaration")
    assert (found.duty.party, found.duty.due_on) == ("person", None)
    assert found.facts == {"no_period": True}
    assert found.duty.rule_id == "hanoi.art6.2.e"
    assert found.duty.citation == (
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 6.2 đoạn 2; TT 06/2023/TT-BNV, Quy chế, Điều 6"
    )
    assert [o.duty.slot for o in out.opened] == ["default_password", "first_declaration"]


@pytest.mark.rule("hanoi.art12.2.2.c", "tt06.art11.1.c")
@pytest.mark.parametrize("slot", ["intake_account", "intake_pull"])
def test_somebody_received_checks_the_own_data_within_five_working_days(slot: str) -> None:
    state = life(Chapter.ACCOUNT, duties=(duty(slot, party="hr_officer"),))
    out = create_account(state, LOGIN, scene(date(2025, 12, 31)))
    found = opened(out, "intake_check")
    assert (found.duty.party, found.duty.due_on) == ("person", date(2026, 1, 9))
    assert found.duty.rule_id == "hanoi.art12.2.2.c"
    assert "Điều 12.2 mục 2.2.c; TT 06/2023/TT-BNV, Quy chế, Điều 11.1.c" in found.duty.citation
    assert found.facts == {}
    assert [o.duty.slot for o in out.opened] == ["default_password", "intake_check"]


def test_every_id_of_a_decision_is_the_same_when_the_act_is_repeated() -> None:
    first, again = (create_account(life(Chapter.ACCOUNT), LOGIN, scene(MONDAY)) for _ in range(2))
    other = create_account(life(Chapter.ACCOUNT), LOGIN, scene(MONDAY, act="another"))
    assert first == again
    assert {o.duty.id for o in first.opened}.isdisjoint(o.duty.id for o in other.opened)


# --- the password


def test_changing_the_default_password_opens_the_declaration() -> None:
    state = life(
        Chapter.ACCOUNT,
        account=Account(ACCOUNT, AccountState.DEFAULT_PASSWORD),
        duties=(duty("default_password", due_on=None, due_at=None),),
    )
    out = activate_account(state, ActivateAccount(password_hash="new"), own(MONDAY))
    assert out.subject == {"chapter": Chapter.DECLARATION}
    assert changed(out, "accounts") == {
        "password_hash": "new",
        "state": AccountState.ACTIVE,
        "password_changed_at": own(MONDAY).now,
        "one_time_until": None,
    }
    assert [(c.state, c.late_days) for c in out.closed] == [("met", 0)]
    assert notice(out, "declare_now").account_id == ACCOUNT


@pytest.mark.parametrize(
    "account", [None, Account(ACCOUNT, AccountState.ACTIVE), Account(ACCOUNT, AccountState.CANCELLED)]
)
def test_a_password_is_activated_once(account: Account | None) -> None:
    with refused("wrong-state"):
        activate_account(
            life(Chapter.ACCOUNT, account=account), ActivateAccount(password_hash="new"), own(MONDAY)
        )
