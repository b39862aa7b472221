"""Working days as data, and the reckoning of periods under the Civil Code. Pure: no clock, no randomness."""

from models.calendar.days import (
    Calendar,
    CalendarYear,
    DayKind,
    DayNote,
    MissingYear,
    Proclamation,
)
from models.calendar.reckoning import (
    CountedDay,
    DeadlineLike,
    NoPeriod,
    Reckoning,
    Window,
    late_days,
    month_window,
    reckon,
    report_due,
)
from models.calendar.zone import at_local, legal_date, local_time, start_of_day

__all__ = [
    "Calendar",
    "CalendarYear",
    "CountedDay",
    "DayKind",
    "DayNote",
    "DeadlineLike",
    "MissingYear",
    "NoPeriod",
    "Proclamation",
    "Reckoning",
    "Window",
    "at_local",
    "late_days",
    "legal_date",
    "local_time",
    "month_window",
    "reckon",
    "report_due",
    "start_of_day",
]
