"""Partial dates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.form import PartialDate
from models.form.dates import add_months, month_end

days = st.dates(min_value=date(1000, 1, 1))
partials = st.one_of(
    days.map(PartialDate.of),
    days.map(lambda day: PartialDate(day.year, day.month)),
    days.map(lambda day: PartialDate(day.year)),
)


@given(partials)
def test_text_and_back(value: PartialDate) -> None:
    assert PartialDate.parse(str(value)) == value


@given(partials, partials)
def test_surely_before_means_every_day_before(one: PartialDate, other: PartialDate) -> None:
    assert one.surely_before(other) == (one.latest < other.earliest)
    assert one.surely_before(other) == other.surely_after(one)
    if one.surely_before(other):
        assert one < other


@given(st.lists(partials))
def test_order_is_total_and_agrees_with_earliest(values: list[PartialDate]) -> None:
    earliest = [value.earliest for value in sorted(values)]
    assert earliest == sorted(earliest)


@given(partials)
def test_every_meaning_lies_between_earliest_and_latest(value: PartialDate) -> None:
    span = (value.latest - value.earliest).days
    assert {"day": span == 0, "month": 27 <= span <= 30, "year": 364 <= span <= 365}[value.precision]


@pytest.mark.parametrize(
    "text",
    [
        *("", "75", "0975", "1975-", "1975-4", "1975-04-3", "1975-13", "1975-00", "1975-04-00", "1975-02-30"),
        *("2023-02-29", "1975-04-30T00:00", "30/04/1975", " 1975", "١٩٧٥", "1975-04-30\n", "19750430"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        PartialDate.parse(text)


def test_a_day_needs_a_month() -> None:
    with pytest.raises(ValueError, match="month"):
        PartialDate(1975, None, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1975", "năm 1975"),
        ("1975-04", "tháng 4 năm 1975"),
        ("1975-02", "tháng 02 năm 1975"),
        ("1975-04-30", "ngày 30 tháng 4 năm 1975"),
        ("2024-01-05", "ngày 05 tháng 01 năm 2024"),
    ],
)
def test_in_vietnamese(text: str, words: str) -> None:
    assert PartialDate.parse(text).in_vietnamese() == words


def test_months_later_keeps_the_day_or_takes_the_last() -> None:
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2024, 12, 15), -12) == date(2023, 12, 15)
    assert month_end(date(2024, 2, 3)) == date(2024, 2, 29)
