"""The decisions of a data review: whose duty a report is, who signs it, how late, and what ends it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.calendar import start_of_day
from models.commands import SignReport
from models.lifecycle.life import Report
from models.lifecycle.outcome import Outcome
from models.lifecycle.review import (
    close_report,
    complete_report,
    fail_report,
    open_report,
    sign_report,
    wake_report,
)
from models.regulations import RuleSet, in_force
from tests.models.lifecycle.scenes import (
    AUTHORITY,
    CULTURE,
    DEPARTMENT,
    event,
    notice,
    opened,
    refusal_in,
    refused,
    scene,
)

OPENS, DUE = date(2025, 12, 11), date(2025, 12, 25)
REPORT, REVIEW = UUID(int=21), UUID(int=22)


def report(state: str = "open", **changes: Any) -> Report:
    given: dict[str, Any] = {
        "agency_id": CULTURE,
        "whole": False,
        "slot": "report_quarter",
        "period": "2025-q4",
        "version": 0,
        "opens_on": OPENS,
        "nominal_due_on": DUE,
        "due_on": DUE,
        "due_at": start_of_day(DUE + timedelta(days=1)),
        "policy_date": False,
        **changes,
    }
    return Report(REPORT, REVIEW, AUTHORITY, state=state, **given)


def whole(**changes: Any) -> Report:
    return report(agency_id=DEPARTMENT, whole=True, **changes)


def phu_yen() -> RuleSet:
    return in_force("phu_yen", date(2025, 3, 3), simulate=["phu_yen_2024"])


def owed(one: Report, on: date = OPENS, **scenery: Any) -> tuple[Outcome, Report]:
    """The report with the duty that its opening opened."""
    out = open_report(one, scene(on, **scenery))
    duties = tuple(o.duty for o in out.opened)
    return out, Report(**{**{f: getattr(one, f) for f in one.__slots__}, "duties": duties, "version": 1})


@pytest.mark.rule("hanoi.art21.6.q")
def test_each_agency_s_head_owes_the_quarter_s_report() -> None:
    out, _ = owed(report())
    duty = opened(out, "report_quarter", signature="digital_signer_unspecified").duty
    assert (duty.party, duty.agency_id, duty.due_on, duty.report_id) == ("head", CULTURE, DUE, REPORT)
    assert duty.citation == "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 21.6"


@pytest.mark.rule("hanoi.art21.6.y")
def test_and_the_year_s() -> None:
    out, _ = owed(report(slot="report_year", period="2025", due_on=date(2025, 12, 30)))
    duty = opened(out, "report_year", signature="digital_signer_unspecified").duty
    assert (duty.party, duty.due_on) == ("head", date(2025, 12, 30))
    assert "TT 06/2023/TT-BNV, Quy chế, Điều 16.11" in duty.citation


def test_the_department_consolidates_without_a_day_of_its_own() -> None:
    out, _ = owed(whole())
    duty = opened(out, "report_quarter", signature="digital_signer_unspecified").duty
    assert (duty.party, duty.agency_id, duty.due_on) == ("department_officer", DEPARTMENT, None)


@pytest.mark.rule("phu_yen.art19.7")
def test_a_rule_of_the_onward_report_is_the_department_s() -> None:
    law = phu_yen()
    out, _ = owed(whole(slot="report_year", period="2025", policy_date=True), law=law)
    duty = opened(out, "report_onward").duty
    assert (duty.party, duty.rule_id, duty.due_on) == ("department_officer", "phu_yen.art19.7", None)


@pytest.mark.rule("phu_yen.art16.7")
def test_a_day_of_policy_is_marked_so() -> None:
    law = phu_yen()
    out, _ = owed(report(slot="report_year", period="2025", policy_date=True), law=law)
    duty = opened(out, "report_year")
    assert (duty.duty.party, duty.duty.rule_id) == ("head", "phu_yen.art16.7")
    assert duty.facts["policy_date"] is True


def test_where_the_department_alone_reports_no_agency_owes_anything() -> None:
    law = in_force("hanoi", DUE).replace("hanoi.art21.6.q", party="department", post=None)
    out, mine = owed(report(), law=law)
    assert out.opened == []
    with refused("wrong-state"):
        sign_report(mine, SignReport(), scene(OPENS, role="head", law=law))
    assert close_report(mine, scene(DUE, law=law)).subject == {"state": "not_owed"}
    out, _ = owed(whole(), law=law)
    assert opened(out, "report_quarter", signature="digital_signer_unspecified").duty.due_on == DUE


def test_the_whole_ladder_climbs_though_it_was_opened_early() -> None:
    _, mine = owed(report())
    quiet = wake_report(mine, scene(date(2025, 12, 12)))
    assert quiet.notices == []
    assert mine.duties[0].next_wake_at is not None
    reminded = wake_report(mine, scene(date(2025, 12, 23)))
    assert notice(reminded, "reminder").role == "head"


@pytest.mark.parametrize("role", ["head", "approver"])
def test_the_agency_signs_through_its_head_or_delegate(role: str) -> None:
    out = sign_report(report(), SignReport(), scene(OPENS, role=role))
    assert (out.subject["state"], out.settles) == ("signing", False)
    assert out.subject["signer_role"] == role
    assert event(out, "report.prepared").facts["signature"] == "digital_signer_unspecified"


@pytest.mark.parametrize(("one", "role"), [(report(), "department_officer"), (whole(), "head")])
def test_nobody_signs_for_the_other(one: Report, role: str) -> None:
    with refused("not-competent") as caught:
        sign_report(one, SignReport(), scene(OPENS, role=role))
    assert "Điều 21.6" in (refusal_in(caught).citation or "")


@pytest.mark.parametrize(
    ("state", "code"), [("signing", "in-flight"), ("sent", "wrong-state"), ("missing", "wrong-state")]
)
def test_a_report_is_signed_once(state: str, code: str) -> None:
    with refused(code):
        sign_report(report(state), SignReport(), scene(OPENS, role="head"))


def test_no_law_no_report() -> None:
    law = in_force("hanoi", DUE).without("hanoi.art21.6.q")
    with refused("wrong-state"):
        sign_report(report(), SignReport(), scene(OPENS, role="head", law=law))


@pytest.mark.parametrize(
    ("on", "late"), [(DUE, 0), (date(2025, 12, 26), 1), (date(2025, 12, 29), 2), (date(2025, 12, 27), 1)]
)
def test_a_sent_report_meets_its_duty_and_says_how_late(on: date, late: int) -> None:
    _, mine = owed(report())
    out = complete_report(mine, "d" * 64, "c" * 64, scene(on))
    assert [(c.state, c.late_days) for c in out.closed] == [("met", late)]
    assert (out.subject["state"], out.subject["late_days"]) == ("sent", late)
    assert out.answer["late_days"] == late
    assert event(out, "report.sent").facts["to"] == "Sở Nội vụ → UBND Thành phố"
    told = notice(out, "review_report_arrived")
    assert (told.agency_id, told.role) == (DEPARTMENT, "department_officer")


def test_the_whole_s_report_tells_the_department_nothing_new() -> None:
    _, mine = owed(whole())
    out = complete_report(mine, "d" * 64, "c" * 64, scene(DUE))
    assert out.notices == []
    assert out.subject["late_days"] == 0


def test_a_failed_signature_leaves_the_report_as_it_was() -> None:
    out = fail_report(report("signing", signature_id=UUID(int=9)), "certificate-expired")
    assert out.subject == {"state": "open", "signature_id": None}
    assert out.answer["code"] == "signature-failed"
    assert out.closed == []


def test_what_never_came_is_missing_and_owed_no_more() -> None:
    _, mine = owed(report())
    out = close_report(mine, scene(date(2026, 3, 11)))
    assert out.subject == {"state": "missing"}
    assert [(c.state, c.reason) for c in out.closed] == [("void", "not_reported")]
    assert event(out, "report.missing").facts["period"] == "2025-q4"
