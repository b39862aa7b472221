"""Maintenance that comes back: by days of the week and hours of the day, also across midnight. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["LOCAL", "Window", "closed_until"]

# The emulator keeps its own notion of local time.
LOCAL = timezone(timedelta(hours=7))
DAY = timedelta(days=1)

Weekday = Annotated[int, Field(ge=1, le=7)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Window(BaseModel):
    """From `begins` to `ends` (local time) of the named days, 1 Monday to 7 Sunday; no day named means all.

    What ends no later than it begins ends on the day after.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    weekdays: tuple[Weekday, ...] = ()
    begins: Clock
    ends: Clock

    @model_validator(mode="after")
    def _not_for_ever(self) -> "Window":
        """Windows that follow one another without a gap would never let anybody in."""
        if self.begins == self.ends:
            raise ValueError("begins and ends are the same")
        return self

    def around(self, day: date) -> tuple[datetime, datetime] | None:
        """The window that begins on a day; none on a day it does not name."""
        if self.weekdays and day.isoweekday() not in self.weekdays:
            return None
        begins, ends = (
            datetime.combine(day, time.fromisoformat(one), LOCAL) for one in (self.begins, self.ends)
        )
        return begins, ends if ends > begins else ends + DAY


def closed_until(windows: Sequence[Window], announced: datetime | None, now: datetime) -> datetime | None:
    """When the maintenance going on at `now` ends, through windows that follow at once; none if none is."""
    until = now
    if announced is not None and announced > now:
        until = announced
    for _ in range(len(windows) + 1):
        further = max((end for begin, end in _near(windows, until) if begin <= until < end), default=until)
        if further == until:
            break
        until = further
    return until.astimezone(UTC) if until > now else None


def _near(windows: Sequence[Window], at: datetime) -> Iterator[tuple[datetime, datetime]]:
    today = at.astimezone(LOCAL).date()
    for window in windows:
        for day in (today - DAY, today):
            found = window.around(day)
            if found is not None:
                yield found
