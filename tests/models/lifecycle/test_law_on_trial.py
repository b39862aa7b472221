"""The decisions under another authority's draft: what changes is the data, and nothing else."""

from datetime import date

import pytest

from models.calendar import start_of_day
from models.commands import CreateAccount, GiveNotice, OpenProfile, ReportError
from models.lifecycle.account import create_account, open_profile
from models.lifecycle.errors import report_error
from models.lifecycle.life import Chapter
from models.lifecycle.month import open_month
from models.lifecycle.noticing import give_notice
from models.lifecycle.scene import Scene
from models.regulations import RuleSet, in_force
from tests.models.lifecycle.scenes import (
    AUTHORITY,
    CULTURE,
    PROFILE,
    agency_month,
    duty,
    event,
    life,
    notice,
    opened,
    scene,
)

FRIDAY = date(2026, 2, 13)
"""The last working day before nine days of Tết."""


def law() -> RuleSet:
    return in_force("phu_yen", FRIDAY, simulate=["phu_yen_2024"])


def desk(day: date = FRIDAY, role: str = "hr_officer") -> Scene:
    return scene(day, role=role, law=law(), facts={"category": "civil_servant"})


@pytest.mark.rule("phu_yen.art12.1.a1")
def test_the_number_of_days_comes_by_reference_and_the_draft_is_what_binds() -> None:
    body = OpenProfile(
        agency_id=CULTURE,
        full_name="Nguyễn Thị Thử",
        personal_id_number="000190000001",
        origin="received",
        event_on=date(2026, 2, 6),
        document="12/QĐ",
    )
    found = opened(open_profile(PROFILE, AUTHORITY, body, desk(date(2026, 2, 6))), "intake_account").duty
    assert (found.rule_id, found.party, found.agency_id) == ("phu_yen.art12.1.a1", "hr_officer", CULTURE)
    assert found.due_on == date(2026, 2, 27)
    assert found.citation == (
        "Dự thảo Quy chế kèm QĐ …/2024/QĐ-UBND Phú Yên, Điều 12.1.a; TT 06/2023/TT-BNV, Quy chế, Điều 11.1.b"
    )


@pytest.mark.rule("phu_yen.art12.1.b")
def test_the_check_after_an_intake_lies_on_the_agency_and_not_on_the_person() -> None:
    received = life(Chapter.ACCOUNT, duties=(duty("intake_account", party="hr_officer"),))
    body = CreateAccount(login="thu.nt", password_hash="hash")
    found = opened(create_account(received, body, desk()), "intake_check").duty
    assert (found.rule_id, found.party, found.agency_id) == ("phu_yen.art12.1.b", "hr_officer", CULTURE)
    assert (found.event_on, found.due_on) == (FRIDAY, date(2026, 2, 23))


@pytest.mark.rule("phu_yen.art18.2")
def test_a_change_is_updated_promptly_which_policy_makes_one_working_day() -> None:
    body = GiveNotice(kind="salary", changed_on=FRIDAY, document="9/QĐ")
    found = opened(give_notice(life(), body, desk()), "update_after_change").duty
    assert (found.rule_id, found.party, found.due_on) == ("phu_yen.art18.2", "person", date(2026, 2, 23))
    assert found.citation.startswith("Dự thảo Quy chế")


@pytest.mark.rule("phu_yen.art18.2")
def test_an_error_is_told_under_the_same_clause() -> None:
    out = report_error(life(), ReportError(paths=["full_name"], reason="sai"), desk())
    assert event(out, "error.reported").rule_id == "phu_yen.art18.2"
    assert notice(out, "error_reported").citation == (
        "Dự thảo Quy chế kèm QĐ …/2024/QĐ-UBND Phú Yên, Điều 18.2"
    )


@pytest.mark.rule("phu_yen.art6.2", "phu_yen.art14")
def test_the_month_is_approved_by_signature_then_synchronised_in_one_window() -> None:
    month = agency_month(
        month="2025-01",
        opens_on=date(2025, 1, 27),
        nominal_end=date(2025, 1, 31),
        rolled_end=date(2025, 2, 3),
    )
    out = open_month(month, 3, start_of_day(date(2025, 2, 4)), desk(date(2025, 1, 27), "system"))
    approve = opened(out, "approval_window", signature="authority_digital").duty
    sync = opened(out, "sync_window").duty
    assert (approve.rule_id, sync.rule_id) == ("phu_yen.art6.2", "phu_yen.art14")
    assert {(d.party, d.event_on, d.due_on) for d in (approve, sync)} == {
        ("approver", date(2025, 1, 27), date(2025, 2, 3))
    }


def test_no_department_stands_at_the_gate_of_this_draft() -> None:
    found = law()
    assert (found.slot("department_gate"), found.slot("transfer_report")) == (None, None)
    assert found.slot("leaver_archive") is None
