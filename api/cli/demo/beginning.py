"""When the story begins: its dates come from the engine's clock, which cannot be set back."""

from datetime import date, timedelta

from api.cli.demo.problems import StoryError
from models.calendar import Calendar, MissingYear

SPAN = timedelta(days=250)
"""Longest the story lasts; the calendar must know every year in it."""


def begins_on(today: date, calendar: Calendar) -> date:
    """The first working day of next December, so that New Year and Tết lie in the story; else of next month.

    Where the years until the end are not loaded for either: the next working day.

    Raises:
        StoryError: they are not loaded for any.
    """
    december = date(today.year + (today.month == 12), 12, 1)
    month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    for first in (december, month, today + timedelta(days=1)):
        try:
            calendar.is_working_day(first + SPAN)
            return calendar.roll_forward(first)
        except MissingYear as missing:
            year = missing.year
    raise StoryError(f"chưa có lịch làm việc năm {year} / the calendar of {year} is not loaded")
