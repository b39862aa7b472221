"""Legal dates and instants: the only place that knows a time zone.

A legal date is a day in Asia/Ho_Chi_Minh; a period ends at 24:00 of its last day (Civil Code art. 148.6).
Instants are aware and in UTC.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def legal_date(instant: datetime) -> date:
    """The legal date on which an aware instant falls. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant must be aware")
    return instant.astimezone(_ZONE).date()


def local_time(instant: datetime) -> datetime:
    """The local wall-clock time of an aware instant. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant must be aware")
    return instant.astimezone(_ZONE)


def start_of_day(day: date) -> datetime:
    """00:00 local of the day, in UTC; also 24:00 of the day before."""
    return at_local(day, 0)


def at_local(day: date, hour: int, minute: int = 0) -> datetime:
    """The local wall-clock time on the day, in UTC."""
    return datetime.combine(day, time(hour, minute), tzinfo=_ZONE).astimezone(UTC)
