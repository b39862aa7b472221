"""When a period ends: working days, calendar days, month windows and fixed dates.

Civil Code 2015: the event day is not counted (art. 147.2–3); a period ends at 24:00 of its last day (148.6);
a last day that is a rest day gives way to the next working day (148.5), which is a setting of each regulation
because the Code is applied to administrative periods by analogy. A due date is a legal date; `due_at` is the
exclusive instant after it.
"""

import calendar as gregorian
from datetime import date, datetime, timedelta
from typing import Protocol

from models.calendar.days import DAY, Calendar, DayNote, Frozen
from models.calendar.zone import start_of_day


class NoPeriod(ValueError):  # noqa: N818 — reads as what happened
    """The rule states no period that ends on a date."""

    def __init__(self, unit: str | None) -> None:
        self.unit = unit
        super().__init__(
            "điều khoản không định thời hạn kết thúc vào một ngày / "
            "the rule states no period that ends on a date" + (f" ({unit})" if unit else "")
        )


class DeadlineLike(Protocol):
    """What reckoning needs of a deadline; `models.regulations.Deadline` is one."""

    @property
    def unit(self) -> str: ...
    @property
    def n(self) -> int | None: ...
    @property
    def roll(self) -> bool | None: ...
    @property
    def sla_working_days(self) -> int | None: ...
    @property
    def days_of_year(self) -> tuple[str, ...]: ...
    @property
    def strictly_before(self) -> bool: ...


class CountedDay(Frozen):
    """One day after the event: its number in the period, or None when it was passed over."""

    day: date
    number: int | None
    kind: str
    reason_vi: str
    reason_en: str
    source: str


class Reckoning(Frozen):
    """A due date with every day that led to it. `policy`: the length is our setting, not the law's."""

    event_day: date
    nominal_due: date
    due: date
    due_at: datetime
    days: tuple[CountedDay, ...]
    alternative_due: date | None = None
    opens: date | None = None
    policy: bool = False


class Window(Frozen):
    """The last n calendar days of a month. Acts after closes_at are late; overdue only from overdue_at."""

    opens: date
    nominal_end: date
    rolled_end: date
    opens_at: datetime
    closes_at: datetime
    overdue_at: datetime
    working_days: tuple[date, ...]


def month_window(year: int, month: int, n: int, calendar: Calendar, *, roll: bool = True) -> Window:
    """The window [last-n+1 … last] of the month, with its end rolled off rest days if `roll`."""
    last = date(year, month, gregorian.monthrange(year, month)[1])
    if not 1 <= n <= last.day:
        raise ValueError("a month window needs between one day and the whole month")
    opens = last - DAY * (n - 1)
    rolled = calendar.roll_forward(last) if roll else last
    span = (opens + DAY * step for step in range(n))
    return Window(
        opens=opens,
        nominal_end=last,
        rolled_end=rolled,
        opens_at=start_of_day(opens),
        closes_at=start_of_day(last + DAY),
        overdue_at=start_of_day(rolled + DAY),
        working_days=tuple(day for day in span if calendar.is_working_day(day)),
    )


def report_due(deadline: DeadlineLike, year: int, part: int, calendar: Calendar) -> Reckoning:
    """When the report of the part-th period (from 1) of the year is due; the quarter for a quarterly one.

    Raises NoPeriod if the deadline has no such fixed date.
    """
    if deadline.unit != "date" or not 1 <= part <= len(deadline.days_of_year):
        raise NoPeriod(deadline.unit)
    nominal = _fixed_day(deadline, year, part - 1)
    return _result(nominal, nominal, _rolled(deadline, nominal, calendar), calendar)


def reckon(deadline: DeadlineLike, event_day: date, calendar: Calendar) -> Reckoning:
    """The due date of a duty that the event day opens, explained day by day.

    Raises MissingYear where the calendar has no such year and NoPeriod where the rule has no end.
    """
    result = _reckon(deadline, event_day, calendar)
    if all(day.kind != "unverified" for day in result.days):
        return result
    other = _reckon(deadline, event_day, calendar.assuming_unverified()).due
    return result.model_copy(update={"alternative_due": other if other != result.due else None})


def _reckon(deadline: DeadlineLike, event: date, calendar: Calendar) -> Reckoning:
    unit, n = deadline.unit, deadline.n
    if unit == "working_days" and n:
        due = calendar.add_working_days(event, n)
        return _result(event, due, due, calendar, working=True)
    if unit == "calendar_days" and n is not None:
        nominal = event + timedelta(days=n)
        return _result(event, nominal, _rolled(deadline, nominal, calendar), calendar)
    if unit == "immediate" and deadline.sla_working_days is not None:
        due = calendar.add_working_days(event, deadline.sla_working_days)
        return _result(event, event, due, calendar, working=True, policy=True)
    if unit == "last_n_calendar_days_of_month" and n:
        window = month_window(event.year, event.month, n, calendar, roll=deadline.roll is not False)
        return _result(event, window.nominal_end, window.rolled_end, calendar, opens=window.opens)
    if unit == "month":
        last = date(event.year, event.month, gregorian.monthrange(event.year, event.month)[1])
        return _result(event, last, _rolled(deadline, last, calendar), calendar)
    if unit == "date" and deadline.days_of_year:
        return _next_fixed(deadline, event, calendar)
    raise NoPeriod(unit)


def _rolled(deadline: DeadlineLike, day: date, calendar: Calendar) -> date:
    return day if deadline.roll is False else calendar.roll_forward(day)


def _next_fixed(deadline: DeadlineLike, event: date, calendar: Calendar) -> Reckoning:
    parts = range(len(deadline.days_of_year))
    days = (_fixed_day(deadline, year, part) for year in (event.year, event.year + 1) for part in parts)
    nominal = next(day for day in days if day >= event)
    return _result(event, nominal, _rolled(deadline, nominal, calendar), calendar)


def _fixed_day(deadline: DeadlineLike, year: int, part: int) -> date:
    month, day = (int(number) for number in deadline.days_of_year[part].split("-"))
    return date(year, month, day) - DAY * deadline.strictly_before


def _result(
    event: date,
    nominal: date,
    due: date,
    calendar: Calendar,
    *,
    working: bool = False,
    opens: date | None = None,
    policy: bool = False,
) -> Reckoning:
    return Reckoning(
        event_day=event,
        nominal_due=nominal,
        due=due,
        due_at=start_of_day(due + DAY),
        days=_counted(event, nominal, due, calendar, working),
        opens=opens,
        policy=policy,
    )


def _counted(
    event: date, nominal: date, due: date, calendar: Calendar, working: bool
) -> tuple[CountedDay, ...]:
    """Days strictly after the event up to the due date; those passed over have no number."""
    days: list[CountedDay] = []
    number = 0
    for step in range(1, (due - event).days + 1):
        note = calendar.explain(event + DAY * step)
        counts = not note.off if working else note.day <= nominal
        number += counts
        days.append(_day(note, number if counts else None))
    return tuple(days)


def _day(note: DayNote, number: int | None) -> CountedDay:
    return CountedDay(
        day=note.day,
        number=number,
        kind=note.kind,
        reason_vi=note.reason_vi,
        reason_en=note.reason_en,
        source=note.source,
    )


def late_days(due: date, met_on: date, calendar: Calendar) -> tuple[int, int]:
    """How late an act on `met_on` is: (working days, calendar days), both 0 when in time."""
    if met_on <= due:
        return 0, 0
    return calendar.working_days_between(due, met_on), (met_on - due).days
