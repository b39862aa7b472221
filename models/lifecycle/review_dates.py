"""The periods of data reviews: when a campaign opens, its report is due, and the next one takes over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from models.calendar import Calendar, MissingYear, NoPeriod, report_due, start_of_day
from models.regulations import Obligation, Reviews, RuleSet, Slot

DAY = timedelta(days=1)
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class ReviewDates:
    """One period's days. ``policy`` means that the text asks for a report and names no day.

    ``closes_on`` is the day the next campaign of the same kind opens: until then a late report is taken, and
    is late.
    """

    period: str
    slot: Slot
    opens_on: date
    nominal_due_on: date
    due_on: date
    closes_on: date
    policy: bool

    @property
    def due_at(self) -> datetime:
        """Exclusive end: 24:00 of the due day."""
        return start_of_day(self.due_on + DAY)


def slot_of(period: str) -> Slot:
    """Whether a period is a quarter's (``yyyy-q1``) or a year's (``yyyy``)."""
    return Slot.REPORT_QUARTER if "-" in period else Slot.REPORT_YEAR


def periods_of(day: date) -> tuple[str, str]:
    """The quarter and the year a day lies in."""
    return f"{day.year:04d}-q{(day.month - 1) // 3 + 1}", f"{day.year:04d}"


def next_period(period: str) -> str:
    """The period after this one, of the same kind."""
    return _moved(period, 1)


def previous_period(period: str) -> str:
    """The period before this one, of the same kind."""
    return _moved(period, -1)


def last_day(period: str) -> date:
    """The last day of the period."""
    return _first_day(next_period(period)) - DAY


def review_dates(period: str, law: RuleSet, calendar: Calendar, policy: Reviews) -> ReviewDates | None:
    """The days of one period's review; none where this law asks for no report of that kind.

    A missing calendar year stops no review: the opening is then counted in days from Monday to Friday.
    """
    slot = slot_of(period)
    rule = law.slot(slot)
    if rule is None:
        return None
    nominal, due, ours = _due(rule, period, calendar, policy)
    following, _, _ = _due(rule, next_period(period), calendar, policy)
    return ReviewDates(
        period=period,
        slot=slot,
        opens_on=_opening(nominal, calendar, policy),
        nominal_due_on=nominal,
        due_on=due,
        closes_on=_opening(following, calendar, policy),
        policy=ours,
    )


def campaign_dates(
    period: str, laws: Sequence[RuleSet], calendar: Calendar, policy: Reviews
) -> tuple[RuleSet, ReviewDates] | None:
    """The campaign of a period with the law it stands on; none where no law of the tree asks for a report.

    ``laws``: the authority's own first, then those of the parts of its tree. Where its own asks for no such
    report, it stands on the part's that is due first. It opens, and gives way to the next, as soon as one of
    them wants it to.
    """
    asked = [(law, review_dates(period, law, calendar, policy)) for law in laws]
    found = [(law, dates) for law, dates in asked if dates is not None]
    if not found:
        return None
    own = next((one for one in found if one[0] is laws[0]), None)
    law, dates = own or min(found, key=lambda one: (one[1].due_on, one[0].hash))
    opens, closes = (min(getattr(one, day) for _, one in found) for day in ("opens_on", "closes_on"))
    return law, replace(dates, opens_on=opens, closes_on=closes)


def _due(rule: Obligation, period: str, calendar: Calendar, policy: Reviews) -> tuple[date, date, bool]:
    """Nominal and due day by the law; by policy where it states none."""
    year, part = _parts(period)
    stated = rule.deadline
    if stated is not None:
        try:
            found = report_due(stated, year, part or 1, calendar)
            return found.nominal_due, found.due, False
        except MissingYear:
            fixed = report_due(stated.model_copy(update={"roll": False}), year, part or 1, calendar)
            return fixed.nominal_due, fixed.due, False
        except NoPeriod:
            pass  # a report is asked for, its day is not said
    day = policy.quarter_days[part - 1] if part else policy.year_day
    nominal = date.fromisoformat(f"{year:04d}-{day}")
    return nominal, nominal, True


def _opening(due: date, calendar: Calendar, policy: Reviews) -> date:
    try:
        return calendar.subtract_working_days(due, policy.opens_working_days_before)
    except MissingYear:
        day, left = due, policy.opens_working_days_before
        while left:
            day -= DAY
            left -= day.weekday() < 5
        return day


def _parts(period: str) -> tuple[int, int]:
    """Year and quarter; quarter 0 for a whole year."""
    year, _, quarter = period.partition("-q")
    return int(year), int(quarter or 0)


def _moved(period: str, by: int) -> str:
    year, quarter = _parts(period)
    if not quarter:
        return f"{year + by:04d}"
    whole = year * QUARTERS + quarter - 1 + by
    return f"{whole // QUARTERS:04d}-q{whole % QUARTERS + 1}"


def _first_day(period: str) -> date:
    year, quarter = _parts(period)
    return date(year, (quarter - 1) * 3 + 1 if quarter else 1, 1)
