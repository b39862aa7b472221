"""When the story begins: its dates come from the engine's clock, which cannot be set back."""

from datetime import date, timedelta

from models.calendar import Calendar, MissingYear

SPAN = timedelta(days=240)
"""Longest the story lasts; the calendar must know every year in it."""


def begins_on(today: date, calendar: Calendar) -> date:
    """The first working day of next December, so that New Year and Tết lie in the story; else of next month.

    Only where the years until the end are loaded; otherwise the next working day, or Monday to Friday.
    """
    december = date(today.year + (today.month == 12), 12, 1)
    month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    for first in (december, month):
        if _known(first, calendar):
            return calendar.roll_forward(first)
    try:
        return calendar.next_working_day(today)
    except MissingYear:
        return today + timedelta(days=7 - today.weekday())


def _known(first: date, calendar: Calendar) -> bool:
    years = {year.year for year in calendar.years}
    return {first.year, (first + SPAN).year} <= years
