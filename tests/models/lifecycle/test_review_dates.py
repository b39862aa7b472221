"""When reviews open, are due and give way to the next: by the text, and by policy where it names no day."""

from datetime import date

import pytest

from models.calendar import Calendar
from models.lifecycle.review_dates import (
    campaign_dates,
    last_day,
    next_period,
    periods_of,
    previous_period,
    review_dates,
    slot_of,
)
from models.regulations import RuleSet, in_force, load_policy

CALENDAR = Calendar.seed()
POLICY = load_policy().reviews


def hanoi() -> RuleSet:
    return in_force("hanoi", date(2026, 3, 2))


@pytest.mark.rule("hanoi.art21.6.q")
@pytest.mark.parametrize(
    ("period", "opens", "due"),
    [
        ("2025-q4", date(2025, 12, 11), date(2025, 12, 25)),
        ("2026-q1", date(2026, 3, 11), date(2026, 3, 25)),
        # Saturday 22 August and the National Day lie before; a Thursday and a Friday.
        ("2026-q2", date(2026, 6, 11), date(2026, 6, 25)),
        ("2026-q3", date(2026, 9, 11), date(2026, 9, 25)),
        # A Saturday: a fixed day, which the text does not let roll.
        ("2027-q3", date(2027, 9, 13), date(2027, 9, 25)),
    ],
)
def test_a_quarter_in_hanoi(period: str, opens: date, due: date) -> None:
    dates = review_dates(period, hanoi(), CALENDAR, POLICY)
    assert dates is not None
    assert (dates.opens_on, dates.nominal_due_on, dates.due_on) == (opens, due, due)
    assert not dates.policy


@pytest.mark.rule("hanoi.art21.6.y")
def test_before_the_31st_of_december_is_the_30th() -> None:
    dates = review_dates("2026", hanoi(), CALENDAR, POLICY)
    assert dates is not None
    assert (dates.due_on, dates.opens_on, dates.policy) == (date(2026, 12, 30), date(2026, 12, 16), False)
    assert dates.due_at.isoformat() == "2026-12-30T17:00:00+00:00"


def test_a_campaign_lasts_until_the_next_opens() -> None:
    dates = review_dates("2025-q4", hanoi(), CALENDAR, POLICY)
    assert dates is not None
    assert dates.closes_on == date(2026, 3, 11)


def test_a_divided_tree_has_one_campaign_for_whoever_is_asked() -> None:
    """The own law's days where it asks, opened with the first; else the part's; none where nobody asks."""
    day = date(2026, 3, 2)
    phu_yen, moha = in_force("phu_yen", day, simulate=["phu_yen_2024"]), in_force("moha", day)
    own = campaign_dates("2026", [phu_yen, hanoi()], CALENDAR, POLICY)
    assert own is not None
    law, dates = own
    assert (law.hash, dates.due_on, dates.opens_on) == (phu_yen.hash, date(2026, 12, 31), date(2026, 12, 16))
    part = campaign_dates("2026-q1", [moha, hanoi()], CALENDAR, POLICY)
    assert part is not None
    assert (part[0].hash, part[1]) == (hanoi().hash, review_dates("2026-q1", hanoi(), CALENDAR, POLICY))
    assert campaign_dates("2026-q1", [moha], CALENDAR, POLICY) is None


def test_every_three_months_without_a_day_is_the_end_of_the_quarter_by_policy() -> None:
    every = {"unit": "months", "n": 3, "recurrence": "quarterly", "roll": False}
    law = hanoi().replace("hanoi.art21.6.q", deadline=every)
    dates = review_dates("2026-q2", law, CALENDAR, POLICY)
    assert dates is not None
    assert (dates.due_on, dates.policy) == (date(2026, 6, 30), True)


@pytest.mark.rule("phu_yen.art16.7")
def test_a_year_without_a_day_ends_by_policy() -> None:
    law = in_force("phu_yen", date(2025, 3, 3), simulate=["phu_yen_2024"])
    dates = review_dates("2025", law, CALENDAR, POLICY)
    assert dates is not None
    assert (dates.due_on, dates.policy) == (date(2025, 12, 31), True)
    assert law.slot("report_year").rule.id == "phu_yen.art16.7"  # type: ignore[union-attr] # it is there
    assert review_dates("2025-q1", law, CALENDAR, POLICY) is None


def test_no_such_report_no_review() -> None:
    law = hanoi().without("hanoi.art21.6.q")
    assert review_dates("2026-q1", law, CALENDAR, POLICY) is None


def test_a_missing_calendar_year_stops_no_review() -> None:
    dates = review_dates("2031-q1", hanoi(), CALENDAR, POLICY)
    assert dates is not None
    assert (dates.due_on, dates.opens_on, dates.policy) == (date(2031, 3, 25), date(2031, 3, 11), False)
    rolling = {"unit": "date", "days_of_year": ["03-29", "06-25", "09-25", "12-25"], "roll": True}
    rolled = review_dates("2031-q1", hanoi().replace("hanoi.art21.6.q", deadline=rolling), CALENDAR, POLICY)
    assert rolled is not None
    assert rolled.nominal_due_on == date(2031, 3, 29)


@pytest.mark.parametrize(
    ("period", "before", "after", "end", "slot"),
    [
        ("2026-q1", "2025-q4", "2026-q2", date(2026, 3, 31), "report_quarter"),
        ("2026-q4", "2026-q3", "2027-q1", date(2026, 12, 31), "report_quarter"),
        ("2026", "2025", "2027", date(2026, 12, 31), "report_year"),
    ],
)
def test_periods(period: str, before: str, after: str, end: date, slot: str) -> None:
    assert (previous_period(period), next_period(period)) == (before, after)
    assert (last_day(period), slot_of(period).value) == (end, slot)
    assert period in periods_of(end)


@pytest.mark.rule("binh_dinh.III.2")
@pytest.mark.parametrize(("period", "due"), [("2025-q1", date(2025, 3, 31)), ("2025-q4", date(2025, 12, 31))])
def test_every_three_months_in_binh_dinh_on_a_day_of_policy(period: str, due: date) -> None:
    law = in_force("binh_dinh", date(2025, 12, 11))
    dates = review_dates(period, law, CALENDAR, POLICY)
    assert dates is not None
    assert (dates.due_on, dates.policy) == (due, True)
    rule = law.slot("report_quarter")
    assert rule is not None
    assert (rule.rule.id, rule.party) == ("binh_dinh.III.2", "department")
