"""The other side takes a day only as it is to be written."""

from datetime import date

import pytest

from activities.national.emulator.checking import day_of


@pytest.mark.parametrize(
    ("said", "pattern", "day"),
    [
        ("20261103", "%Y%m%d", date(2026, 11, 3)),
        ("03/11/2026", "%d/%m/%Y", date(2026, 11, 3)),
        ("2026113", "%Y%m%d", None),
        ("3/11/2026", "%d/%m/%Y", None),
        ("20260230", "%Y%m%d", None),
        ("", "%Y%m%d", None),
    ],
)
def test_a_day_is_read_only_as_it_is_to_be_written(said: str, pattern: str, day: date | None) -> None:
    assert day_of(said, pattern) == day
