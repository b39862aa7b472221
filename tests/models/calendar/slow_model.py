"""An independent, slow model of legal periods that knows only the calendar files; it imports nothing of ours.

Days are walked one by one. What it answers is what a clerk with a wall calendar would: the last day of a
period, and that day rolled off a rest day (Civil Code 2015, art. 147–148).
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import yaml

YEARS = Path(__file__).parents[3] / "models" / "calendar" / "years"
OFF: set[date] = set()
WORKED: set[date] = set()
for file in YEARS.glob("*.yaml"):
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    OFF |= {day["date"] for day in content["days"] if day["kind"] != "unverified"}
    WORKED |= {day["date"] for day in content["working_days"] if day["kind"] != "unverified"}


@cache
def works(day: date) -> bool:
    """Whether work is done on the day; days nobody has verified are ordinary ones."""
    if day in WORKED:
        return True
    return day not in OFF and day.strftime("%a") not in ("Sat", "Sun")


def after(day: date) -> Iterator[date]:
    """Every later day."""
    while True:
        day = date.fromordinal(day.toordinal() + 1)
        yield day


def nth(day: date, n: int) -> date:
    """The n-th working day strictly after the day; the day itself for none."""
    found = [day]
    for later in after(day):
        if len(found) > n:
            break
        if works(later):
            found.append(later)
    return found[n]


def rolled(day: date, roll: bool) -> date:
    """The day, or the next working day where it is one of rest and the rule rolls."""
    return day if works(day) or not roll else nth(day, 1)


def all_days(year: int) -> Iterator[date]:
    """Every day of a year."""
    yield date(year, 1, 1)
    for day in after(date(year, 1, 1)):
        if day.year != year:
            return
        yield day


@cache
def last_of_month(year: int, month: int) -> date:
    """The last day of a month."""
    return [day for day in all_days(year) if day.month == month][-1]


@cache
def called(year: int, days: tuple[str, ...]) -> list[date]:
    """The days of a year with these names, ``mm-dd``."""
    return [day for day in all_days(year) if f"{day.month:02d}-{day.day:02d}" in days]


def working_days(event: date, n: int) -> tuple[date, date]:
    """Nominal and binding last day of n working days."""
    return nth(event, n), nth(event, n)


def calendar_days(event: date, n: int, roll: bool) -> tuple[date, date]:
    """Nominal and binding last day of n calendar days."""
    nominal = date.fromordinal(event.toordinal() + n)
    return nominal, rolled(nominal, roll)


def end_of_month(event: date, roll: bool) -> tuple[date, date]:
    """Nominal and binding last day of a month's window."""
    last = last_of_month(event.year, event.month)
    return last, rolled(last, roll)


def fixed(event: date, days: tuple[str, ...], before: bool, roll: bool) -> tuple[date, date]:
    """The next of the fixed days of the year, or the day before it."""
    wanted = [*called(event.year, days), *called(event.year + 1, days)]
    ends = [date.fromordinal(day.toordinal() - before) for day in wanted]
    nominal = min(day for day in ends if day >= event)
    return nominal, rolled(nominal, roll)
