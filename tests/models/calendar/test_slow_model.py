"""The independent, slow model against the real one."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import Calendar, legal_date, month_window, reckon, start_of_day
from tests.models.calendar.slow_model import all_days, nth, works

CALENDAR = Calendar.seed()
DAYS = st.dates(date(2024, 3, 11), date(2027, 8, 31))
COUNTS = st.integers(0, 40)


@dataclass(frozen=True)
class Period:
    unit: str
    n: int | None = None
    roll: bool | None = True
    sla_working_days: int | None = None
    days_of_year: tuple[str, ...] = ()
    strictly_before: bool = False


@given(DAYS, st.integers(1, 40))
def test_a_working_day_period_ends_where_counting_by_hand_ends(day: date, n: int) -> None:
    found = reckon(Period("working_days", n), day, CALENDAR)
    assert found.due == nth(day, n)
    counted = [one.day for one in found.days if one.number is not None]
    assert len(counted) == n
    assert all(works(one) for one in counted)
    assert [one.number for one in found.days if one.number is not None] == list(range(1, n + 1))
    assert found.due_at == start_of_day(found.due + timedelta(days=1))


@given(DAYS, st.integers(1, 60), st.booleans())
def test_a_calendar_day_period_rolls_only_when_it_should(day: date, n: int, roll: bool) -> None:
    found = reckon(Period("calendar_days", n, roll), day, CALENDAR)
    nominal = date.fromordinal(day.toordinal() + n)
    rolled = nominal if works(nominal) else nth(nominal, 1)
    assert found.nominal_due == nominal
    assert found.due == (rolled if roll else nominal)
    assert [one.number for one in found.days[:n]] == list(range(1, n + 1))
    assert all(one.number is None for one in found.days[n:])


@given(st.integers(2024, 2027), st.integers(1, 12), st.integers(1, 28))
def test_a_window_is_the_last_days_of_its_month(year: int, month: int, n: int) -> None:
    window = month_window(year, month, n, CALENDAR)
    days = [day for day in all_days(year) if day.month == month][-n:]
    assert (window.opens, window.nominal_end) == (days[0], days[-1])
    assert window.rolled_end == (days[-1] if works(days[-1]) else nth(days[-1], 1))
    assert list(window.working_days) == [day for day in days if works(day)]


@given(DAYS, COUNTS, COUNTS)
def test_adding_n_then_m_working_days_is_adding_their_sum(day: date, n: int, m: int) -> None:
    once = CALENDAR.add_working_days(day, n + m)
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(day, n), m) == once


@given(DAYS, COUNTS)
def test_working_days_between_is_the_inverse_of_adding(day: date, n: int) -> None:
    later = CALENDAR.add_working_days(day, n)
    assert CALENDAR.working_days_between(day, later) == n
    assert CALENDAR.working_days_between(later, day) == -n


@given(DAYS, st.integers(1, 40))
def test_subtracting_finds_a_working_day_that_many_before(day: date, n: int) -> None:
    earlier = CALENDAR.subtract_working_days(day, n)
    last = CALENDAR.last_working_day_before(day)
    assert works(earlier)
    assert CALENDAR.working_days_between(earlier, last) == n - 1


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Ho_Chi_Minh"])
def test_the_zone_of_the_machine_changes_nothing(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        found = reckon(Period("working_days", 5), date(2025, 12, 29), CALENDAR)
        assert found.due_at == datetime(2026, 1, 7, 17, 0, tzinfo=UTC)
        assert legal_date(datetime(2026, 1, 7, 16, 59, 59, tzinfo=UTC)) == date(2026, 1, 7)
        assert legal_date(found.due_at) == date(2026, 1, 8)
        assert Calendar.seed().hash == CALENDAR.hash
    finally:
        if before is None:
            monkeypatch.delenv("TZ")
        else:
            monkeypatch.setenv("TZ", before)
        time.tzset()
