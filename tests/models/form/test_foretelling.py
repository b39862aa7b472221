"""Dates the form foretells."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.form import PartialDate, foretold, retirement_on
from models.form.salary import group_of_rank, months_between_steps, salary_groups

LONG_AGO = date(1900, 1, 1)


def _dates(content: dict[str, Any], on: date = LONG_AGO) -> list[tuple[str, date, str]]:
    return [(found.kind, found.on, found.path) for found in foretold(content, on=on)]


def test_all_kinds_soonest_first(right: dict[str, Any]) -> None:
    content = right | {"contract_valid_to": "2026-12-31"}
    assert _dates(content) == [
        ("reappointment", date(2025, 3, 1), "position_reappointed_on"),
        ("contract_end", date(2026, 12, 31), "contract_valid_to"),
        ("salary_step", date(2027, 2, 28), "salary_effective_on"),
        ("retirement", date(2034, 12, 31), "birth_date"),
    ]
    assert all(found.source for found in foretold(content, on=LONG_AGO))


def test_from_a_day_on_inclusive(right: dict[str, Any]) -> None:
    assert _dates(right, date(2027, 2, 28))[0][0] == "salary_step"
    assert _dates(right, date(2027, 3, 1))[0][0] == "retirement"


@pytest.mark.parametrize(
    ("rank", "coefficient", "months"),
    [
        ("01.003", "2.34", 36),
        ("01.004", "2.10", 36),
        ("01.005", "4.06", 24),
        (None, "2.34", 36),
        (None, "2.33", 24),
        ("99.999", None, 24),
        (7, "3.00", 36),
    ],
)
def test_how_long_a_step_lasts(rank: Any, coefficient: str | None, months: int) -> None:
    assert months_between_steps(rank, Decimal(coefficient) if coefficient else None) == months


def test_after_the_last_step_comes_the_beyond_frame_allowance() -> None:
    content = {"rank_code": "01.003", "salary_step": 9, "salary_coefficient": "4.98"}
    content["salary_effective_on"] = "2022-05-01"
    assert _dates(content) == [("beyond_frame", date(2025, 5, 1), "salary_effective_on")]
    content["beyond_frame_effective_on"] = "2025-05-01"
    assert _dates(content) == [("beyond_frame", date(2026, 5, 1), "beyond_frame_effective_on")]


def test_the_first_term_counts_from_the_appointment() -> None:
    content = {"current_position": "principal", "position_appointed_on": "2021-02-28"}
    assert _dates(content) == [("reappointment", date(2026, 2, 28), "position_appointed_on")]
    assert _dates({"position_appointed_on": "2021-02-28"}) == []


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"salary_effective_on": "2024"},
        {"salary_effective_on": "2024-02-30", "birth_date": "x", "gender": "male"},
        {"birth_date": "1975"},
        {"birth_date": 1975, "gender": "male"},
        {"birth_date": "1850", "gender": "male"},
        {"birth_date": "9999-12-31", "gender": ["male"]},
        {"birth_date": "9999-12-31", "gender": "male"},
        {"salary_effective_on": "9999-12-31", "salary_coefficient": "sNaN"},
        {"salary_effective_on": ["2024-01-01"], "contract_valid_to": "2024-13-01"},
        {"current_position": "principal", "position_appointed_on": "9999-01-01"},
    ],
)
def test_what_does_not_read_foretells_nothing(content: dict[str, Any]) -> None:
    assert _dates(content) == []


def test_the_coefficients_of_the_groups() -> None:
    last = {name: str(group.coefficient(group.steps)) for name, group in salary_groups().items()}
    assert last == {
        "A3.1": "8.00", "A3.2": "7.55", "A2.1": "6.78", "A2.2": "6.38", "A1": "4.98",
        "A0": "4.89", "B": "4.06", "C1": "3.63", "C2": "3.48", "C3": "3.33",
    }  # fmt: skip
    group = group_of_rank("01.003")
    assert group is not None
    assert group.name == "A1"
    assert group_of_rank(None) is None


def _by_the_code(born: date, gender: str) -> date:
    """Labour Code art. 169.2 year by year: the age of a year holds for those who reach it in that year."""
    first, step, last = {"male": (60 * 12 + 3, 3, 62 * 12), "female": (55 * 12 + 4, 4, 60 * 12)}[gender]
    before = {"male": 60 * 12, "female": 55 * 12}[gender]

    def reached(age: int) -> tuple[int, int]:
        months = born.year * 12 + born.month - 1 + age
        return months // 12, months % 12 + 1

    if reached(before)[0] < 2021:
        year, month = reached(before)
    else:
        age = next(
            min(first + step * (y - 2021), last)
            for y in range(2021, 2200)
            if reached(min(first + step * (y - 2021), last))[0] <= y
        )
        year, month = reached(age)
    nxt = date(year + month // 12, month % 12 + 1, 1)
    return date.fromordinal(nxt.toordinal() - 1)


@given(st.dates(date(1900, 1, 1), date(2010, 12, 31)), st.sampled_from(["male", "female"]))
def test_the_table_is_the_roadmap_of_article_169(born: date, gender: str) -> None:
    assert retirement_on(PartialDate.of(born), gender) == _by_the_code(born, gender)


@pytest.mark.parametrize(
    ("born", "gender", "day"),
    [
        ("1961-09-30", "male", date(2021, 12, 31)),
        ("1961-10-01", "male", date(2022, 4, 30)),
        ("1966-04-15", "male", date(2028, 4, 30)),
        ("1975-05-01", "female", date(2035, 5, 31)),
        ("1970-01-31", "female", date(2027, 5, 31)),
        ("1970", "female", date(2027, 5, 31)),  # only the year known: 1 January counts
        ("1970-02", "female", date(2027, 6, 30)),
    ],
)
def test_retirement(born: str, gender: str, day: date) -> None:
    assert retirement_on(PartialDate.parse(born), gender) == day
