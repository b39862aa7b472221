"""When the morning's round over an authority's people is: the activity that makes it and whoever compares."""

from datetime import datetime

from models.calendar import Calendar, at_local, legal_date
from models.record.months import is_working_day, next_working_day

HOUR = 8
"""Local hour of the round."""


def next_morning(now: datetime, calendar: Calendar) -> datetime:
    """08:00 of the next working day; of today where that is still to come."""
    day = legal_date(now)
    if is_working_day(day, calendar)[0] and now < at_local(day, HOUR):
        return at_local(day, HOUR)
    return at_local(next_working_day(day, calendar)[0], HOUR)
