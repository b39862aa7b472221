"""What a day is, by which act, and what the calendar refuses to answer."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from models.calendar import (
    Calendar,
    MissingYear,
    NoPeriod,
    at_local,
    late_days,
    legal_date,
    month_window,
    reckon,
    report_due,
    start_of_day,
)

CALENDAR = Calendar.seed()


def period(**given: object) -> SimpleNamespace:
    empty = {"unit": "open", "n": None, "roll": True, "sla_working_days": None}
    return SimpleNamespace(**{**empty, "days_of_year": (), "strictly_before": False, **given})


@pytest.mark.parametrize(
    ("day", "kind", "off", "source"),
    [
        (date(2025, 12, 30), "working", False, "thứ Hai đến thứ Sáu"),
        (date(2026, 1, 3), "weekend", True, "thứ Hai đến thứ Sáu"),
        (date(2026, 1, 1), "statutory", True, "Bộ luật Lao động 2019, Điều 112.1.a"),
        (date(2026, 1, 2), "proclaimed", True, "12729/VPCP-KGVX ngày 25/12/2025"),
        (date(2026, 1, 10), "worked_in_exchange", False, "12729/VPCP-KGVX ngày 25/12/2025"),
        (date(2026, 8, 22), "worked_in_exchange", False, "9441/TB-BNV"),
        (date(2026, 8, 31), "proclaimed", True, "9441/TB-BNV"),
        (date(2026, 4, 27), "statutory", True, "Điều 111.3"),
        (date(2025, 5, 2), "proclaimed", True, "8726/VPCP-KGVX ngày 26/11/2024"),
        (date(2024, 5, 4), "worked_in_exchange", False, "2450/VPCP-KGVX ngày 12/04/2024"),
        (date(2026, 11, 24), "unverified", False, "Chưa xác minh"),
        (date(2027, 2, 4), "unverified", False, "Chưa xác minh"),
        (date(2027, 2, 10), "statutory", True, "Điều 111.3"),
        (date(2027, 9, 2), "statutory", True, "Điều 112.1.đ"),
    ],
)
def test_each_day_names_its_act(day: date, kind: str, off: bool, source: str) -> None:
    note = CALENDAR.explain(day)
    assert (note.kind, note.off) == (kind, off)
    assert source in note.source
    assert CALENDAR.is_working_day(day) is not off
    assert note.reason_vi
    assert note.reason_en


def test_unverified_days_move_nothing_until_assumed() -> None:
    assumed = CALENDAR.assuming_unverified()
    assert CALENDAR.is_working_day(date(2026, 11, 24))
    assert not assumed.is_working_day(date(2026, 11, 24))
    assert CALENDAR.next_working_day(date(2026, 11, 23)) == date(2026, 11, 24)
    assert assumed.next_working_day(date(2026, 11, 23)) == date(2026, 11, 25)


@pytest.mark.parametrize("day", [date(2023, 12, 29), date(2028, 1, 3)])
def test_a_year_that_is_not_loaded_is_an_error(day: date) -> None:
    with pytest.raises(MissingYear, match=str(day.year)) as refused:
        CALENDAR.is_working_day(day)
    assert refused.value.year == day.year
    with pytest.raises(MissingYear):
        CALENDAR.explain(day)


def test_a_period_that_runs_out_of_the_loaded_years_is_an_error() -> None:
    with pytest.raises(MissingYear, match="2028"):
        reckon(period(unit="working_days", n=5), date(2027, 12, 29), CALENDAR)


def test_a_number_of_working_days_is_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_working_days(date(2026, 3, 2), -1)
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.subtract_working_days(date(2026, 3, 2), -1)


@pytest.mark.parametrize("unit", ["open", "periodic", "months", "working_days", "date", "immediate"])
def test_a_rule_without_an_end_has_no_due_date(unit: str) -> None:
    with pytest.raises(NoPeriod):
        reckon(period(unit=unit), date(2026, 3, 2), CALENDAR)


def test_json_and_hash_survive_a_round_trip() -> None:
    again = Calendar.from_json(CALENDAR.to_json())
    assert again == CALENDAR
    assert again.hash == CALENDAR.hash
    fewer = Calendar(years=CALENDAR.years[:-1])
    assert fewer.hash != CALENDAR.hash
    assert Calendar.from_json(fewer.to_json().encode()) == fewer


@pytest.mark.parametrize("n", [0, 32, -1])
def test_a_window_is_within_its_month(n: int) -> None:
    with pytest.raises(ValueError, match="window"):
        month_window(2026, 1, n, CALENDAR)


def test_a_window_without_roll_ends_on_the_last_day() -> None:
    window = month_window(2025, 1, 5, CALENDAR, roll=False)
    assert window.rolled_end == date(2025, 1, 31)
    assert window.overdue_at == window.closes_at


def test_the_instants_of_a_window() -> None:
    window = month_window(2025, 1, 5, CALENDAR)
    assert window.opens_at == datetime(2025, 1, 26, 17, tzinfo=UTC)
    assert window.closes_at == datetime(2025, 1, 31, 17, tzinfo=UTC)
    assert window.overdue_at == datetime(2025, 2, 3, 17, tzinfo=UTC)


def test_a_report_of_a_period() -> None:
    quarterly = period(unit="date", days_of_year=("03-25", "06-25", "09-25", "12-25"), roll=False)
    dues = [report_due(quarterly, 2027, part, CALENDAR).due for part in (1, 2, 3, 4)]
    assert dues == [date(2027, 3, 25), date(2027, 6, 25), date(2027, 9, 25), date(2027, 12, 25)]
    rolled = period(unit="date", days_of_year=("09-25",), roll=True)
    assert report_due(rolled, 2027, 1, CALENDAR).due == date(2027, 9, 27)
    for part in (0, 5):
        with pytest.raises(NoPeriod):
            report_due(quarterly, 2027, part, CALENDAR)


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        (date(2025, 12, 31), (0, 0)),
        (date(2026, 1, 2), (0, 2)),
        (date(2026, 1, 5), (1, 5)),
        (date(2025, 12, 1), (0, 0)),
    ],
)
def test_lateness_counts_both_ways(met: date, expected: tuple[int, int]) -> None:
    assert late_days(date(2025, 12, 31), met, CALENDAR) == expected


def test_legal_dates_and_instants() -> None:
    day = date(2026, 3, 2)
    assert start_of_day(day) == datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert at_local(day, 8, 30) == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert legal_date(start_of_day(day)) == day
    with pytest.raises(ValueError, match="aware"):
        legal_date(datetime(2026, 3, 2))  # noqa: DTZ001 — the refusal of a naive one
