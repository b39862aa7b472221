"""The ladder: which message goes out on which day, and to whom."""

from datetime import date

import pytest

from models.calendar import Calendar
from models.regulations import load_policy, message_day, plan_steps

CALENDAR = Calendar.seed()
POLICY = load_policy()


def plan(opened: date, due: date, *, foreseen: bool = False) -> list[tuple[date, str, str]]:
    steps = plan_steps(POLICY, opened, due, CALENDAR, foreseen=foreseen)
    return [(one.day, one.step.kind, one.step.to) for one in steps]


def test_it_is_marked_as_policy() -> None:
    assert POLICY.policy is True
    assert "không phải luật" in POLICY.title


def test_the_whole_ladder_in_working_days() -> None:
    # 7 January 2026 is a Wednesday; Saturday 10 January is worked.
    assert plan(date(2025, 12, 29), date(2026, 1, 7)) == [
        (date(2026, 1, 5), "reminder", "responsible"),
        (date(2026, 1, 7), "reminder", "responsible"),
        (date(2026, 1, 8), "reminder", "responsible"),
        (date(2026, 1, 8), "escalation", "unit_head"),
        (date(2026, 1, 10), "escalation", "managing_agency"),
        (date(2026, 1, 13), "escalation", "department"),
    ]


def test_steps_before_the_duty_opened_fall_away() -> None:
    assert plan(date(2026, 3, 5), date(2026, 3, 6))[0] == (date(2026, 3, 6), "reminder", "responsible")


def test_a_duty_opened_when_already_overdue_sends_one_message() -> None:
    assert plan(date(2026, 3, 20), date(2026, 3, 2)) == [(date(2026, 3, 20), "reminder", "responsible")]
    assert plan(date(2026, 3, 4), date(2026, 3, 2)) == [
        (date(2026, 3, 4), "reminder", "responsible"),
        (date(2026, 3, 5), "escalation", "managing_agency"),
        (date(2026, 3, 9), "escalation", "department"),
    ]


@pytest.mark.parametrize(
    ("due", "offset", "day"),
    [
        (date(2027, 9, 25), 0, date(2027, 9, 24)),
        (date(2025, 1, 31), 0, date(2025, 1, 24)),
        (date(2025, 1, 31), -2, date(2025, 1, 23)),
        (date(2025, 1, 31), 1, date(2025, 2, 3)),
        (date(2026, 1, 7), 0, date(2026, 1, 7)),
    ],
)
def test_a_message_never_goes_out_on_a_rest_day(due: date, offset: int, day: date) -> None:
    assert message_day(due, offset, CALENDAR) == day


def test_a_window_without_a_working_day_is_announced_before_it() -> None:
    # 27–31 January 2025 holds no working day; the window is known beforehand, a change is not.
    opened, nominal = date(2025, 1, 27), date(2025, 1, 31)
    assert plan(opened, nominal, foreseen=True)[0] == (date(2025, 1, 24), "reminder", "responsible")
    assert plan(opened, nominal)[0] == (opened, "reminder", "responsible")
