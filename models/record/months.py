"""The month: when its window opens, ends, and gives way to the next one."""

import calendar as gregorian
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar, MissingYear, month_window, start_of_day
from models.database import Scope, transaction
from models.messages import Window
from models.record.law_of import LawOf, Laws
from models.record.tools import Tools
from models.regulations import RuleSet

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MonthDates:
    """The days of one month's list, by the law and calendar recorded for the authority.

    ``closes_on`` is the opening of the next month's window: what is left by then goes on the next list.
    ``assumed_year`` is the calendar year that is not loaded, where Monday to Friday stood in for it.
    """

    month: str
    opens_on: date
    nominal_end: date
    rolled_end: date
    closes_on: date
    assumed_year: int | None = None

    @property
    def closes_at(self) -> datetime:
        """The instant of ``closes_on``."""
        return start_of_day(self.closes_on)


def next_month(month: str) -> str:
    """The month after ``yyyy-mm``."""
    return f"{last_day(month) + DAY:%Y-%m}"


def months_between(first: str, last: str) -> Iterator[str]:
    """The months from ``first`` to ``last``, both ``yyyy-mm``, inclusive."""
    year, number = map(int, first.split("-"))
    while (month := f"{year:04d}-{number:02d}") <= last:
        yield month
        year, number = year + number // 12, number % 12 + 1


async def window_of(tools: Tools, authority_id: UUID, month: str) -> Window:
    """When the month's window opens and ends, for the workflow that waits for it.

    Where a part of the tree is under another regulation: from the first window that opens to the last that
    ends.

    Raises:
        LookupError: no law or calendar is recorded for the authority and month.
    """
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        dates = (await dates_by_law(connection, tools, authority_id, month)).every
    return Window(
        opens_at=start_of_day(min(one.opens_on for one in dates)),
        overdue_at=start_of_day(max(one.rolled_end for one in dates) + DAY),
        closes_at=max(one.closes_at for one in dates),
        next_month=next_month(month),
    )


@dataclass(frozen=True, slots=True)
class DatesByLaw:
    """The days of one month's list for every unit, each by its own law."""

    month: str
    law: Laws
    """On the month's last day."""
    following: Laws
    """On the next month's last day."""

    def of(self, agency_id: UUID) -> MonthDates:
        """The days of one agency's list."""
        return days_of(self.month, self.law.of(agency_id), self.following.of(agency_id), self.law.calendar)

    @property
    def own(self) -> MonthDates:
        """By the authority's own law."""
        return days_of(self.month, self.law.own, self.following.own, self.law.calendar)

    @property
    def every(self) -> tuple[MonthDates, ...]:
        """All that there are, the authority's own first."""
        bound = {self.of(unit) for unit in {*self.law.by_unit, *self.following.by_unit}}
        return (self.own, *sorted(bound - {self.own}, key=lambda one: (one.opens_on, one.closes_on)))


async def dates_by_law(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, month: str
) -> DatesByLaw:
    """The same for all units at once.

    Raises:
        LookupError: no law or calendar is recorded for the authority and month.
    """
    law = await tools.laws(connection, authority_id, last_day(month))
    return DatesByLaw(month, law, await tools.laws(connection, authority_id, last_day(next_month(month))))


async def dates_of(connection: AsyncConnection, tools: Tools, whose: LawOf, month: str) -> MonthDates:
    """The days of a month's list, of an agency or of the authority as a whole; each month by the law in
    force on its own last day.

    A missing calendar year never stops a month: the end is then rolled off Saturday and Sunday alone, and
    the year is named.

    Raises:
        LookupError: no law or calendar is recorded for the authority and month.
    """
    law, calendar = await tools.law(connection, whose, last_day(month))
    next_law, _ = await tools.law(connection, whose, last_day(next_month(month)))
    return days_of(month, law, next_law, calendar)


def days_of(month: str, law: RuleSet, next_law: RuleSet, calendar: Calendar) -> MonthDates:
    """The same under given law: that of the month's last day and that of the next month's."""
    last, following = last_day(month), last_day(next_month(month))
    days, roll = _length(law)
    try:
        window = month_window(last.year, last.month, days, calendar, roll=roll)
        rolled, assumed = window.rolled_end, None
    except MissingYear as missing:
        rolled, assumed = _off_the_weekend(last) if roll else last, missing.year
    return MonthDates(
        month=month,
        opens_on=last - DAY * (days - 1),
        nominal_end=last,
        rolled_end=rolled,
        closes_on=following - DAY * (_length(next_law)[0] - 1),
        assumed_year=assumed,
    )


def next_working_day(day: date, calendar: Calendar) -> tuple[date, int | None]:
    """The first working day after ``day``; and the year that is not loaded, where the week stood in."""
    try:
        return calendar.next_working_day(day), None
    except MissingYear as missing:
        return _off_the_weekend(day + DAY), missing.year


def is_working_day(day: date, calendar: Calendar) -> tuple[bool, int | None]:
    """Whether the day is worked; and the year that is not loaded, where the week stood in."""
    try:
        return calendar.is_working_day(day), None
    except MissingYear as missing:
        return day.weekday() < 5, missing.year


def last_day(month: str) -> date:
    """The last day of ``yyyy-mm``."""
    first = date.fromisoformat(f"{month}-01")
    return first.replace(day=gregorian.monthrange(first.year, first.month)[1])


def _length(law: RuleSet) -> tuple[int, bool]:
    """Days of the window, and whether its end is rolled.

    Policy where a regulation knows approval without a month's window: the list is made on the last day.
    """
    rule = law.slot("approval_window")
    deadline = rule.deadline if rule else None
    if deadline is None or deadline.n is None or deadline.unit != "last_n_calendar_days_of_month":
        return 1, True
    return deadline.n, deadline.roll


def _off_the_weekend(day: date) -> date:
    while day.weekday() >= 5:
        day += DAY
    return day
