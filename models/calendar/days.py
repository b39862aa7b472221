"""Calendar years as data: which days are worked, and by which act each other day is off.

The week of the public sector is Monday to Friday. A day off is `statutory` (Labour Code 2019, art. 111.3 and
112), `proclaimed` (swapped by a decision with number and date) or `unverified`: the last moves no deadline.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal, Self

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

DayKind = Literal["working", "weekend", "statutory", "proclaimed", "unverified", "worked_in_exchange"]
DAY = timedelta(days=1)
_KEPT = 20_000
"""Counts kept in mind, at most."""


class MissingYear(LookupError):  # noqa: N818 — reads as what happened
    """An exact answer was asked of a year that is not loaded."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(f"chưa có lịch làm việc năm {year} / no calendar of the year {year} is loaded")


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Proclamation(Frozen):
    """The document that announced days off; `check` says whether its number was seen or is from memory."""

    id: str
    number: str = Field(min_length=1)
    date: dt.date
    title: str
    check: Literal["found", "known_unverified"]
    url: str | None = None


class SpecialDay(Frozen):
    """A day that is not what its weekday says. `law` is an article of the Labour Code 2019."""

    date: dt.date
    kind: Literal["statutory", "proclaimed", "unverified"]
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)
    law: str | None = None
    proclamation: str | None = None
    swap: dt.date | None = None


class CalendarYear(Frozen):
    """One year: its proclamations, its days off and its weekend days that are worked."""

    year: int = Field(ge=1945, le=2200)
    proclamations: tuple[Proclamation, ...]
    days: tuple[SpecialDay, ...] = Field(min_length=1)
    working_days: tuple[SpecialDay, ...]


class DayNote(Frozen):
    """What a day is and which act says so."""

    day: date
    kind: DayKind
    off: bool
    reason_vi: str
    reason_en: str
    source: str


_WEEKDAYS_VI = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEK_SOURCE = "Tuần làm việc của cơ quan nhà nước: thứ Hai đến thứ Sáu"


class Calendar(Frozen):
    """Loaded years, immutable. Every question about a day of another year raises MissingYear."""

    years: tuple[CalendarYear, ...]
    assume_unverified: bool = False

    @classmethod
    def seed(cls) -> Self:
        """The years packaged with the program."""
        from models.calendar.loader import seed_years  # the loader needs these models

        return cls(years=seed_years())

    @classmethod
    def from_json(cls, text: str | bytes | Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls.model_validate(text if isinstance(text, Mapping) else json.loads(text))

    def to_json(self) -> str:
        """Canonical JSON (RFC 8785); what is hashed and stored."""
        return rfc8785.dumps(self.model_dump(mode="json")).decode()

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON, in hex."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def assuming_unverified(self) -> Self:
        """The same years with every unverified day taken as decided: what a due date may yet become."""
        return self._assuming

    def explain(self, day: date) -> DayNote:
        """What the day is, why, and by which act."""
        year = self._by_year.get(day.year)
        if year is None:
            raise MissingYear(day.year)
        return year.get(day) or _ordinary(day)

    def is_working_day(self, day: date) -> bool:
        year = self._by_year.get(day.year)
        if year is None:
            raise MissingYear(day.year)
        note = year.get(day)
        return day.weekday() < 5 if note is None else not note.off

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day strictly after the day; the day itself for n = 0."""
        return self._walk(day, n, DAY)

    def subtract_working_days(self, day: date, n: int) -> date:
        """The n-th working day strictly before the day; the day itself for n = 0."""
        return self._walk(day, n, -DAY)

    def next_working_day(self, day: date) -> date:
        """The first working day strictly after the day."""
        return self.add_working_days(day, 1)

    def last_working_day_before(self, day: date) -> date:
        """The last working day strictly before the day."""
        return self.subtract_working_days(day, 1)

    def roll_forward(self, day: date) -> date:
        """The day, or the next working day if it is a rest day (Civil Code art. 148.5)."""
        return day if self.is_working_day(day) else self.next_working_day(day)

    def working_days_between(self, start: date, end: date) -> int:
        """Working days strictly after start, up to and including end; negative when end is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        found = self._between.get((start, end))
        if found is None:
            span = (start + DAY * step for step in range(1, (end - start).days + 1))
            found = sum(self.is_working_day(day) for day in span)
            if len(self._between) >= _KEPT:
                self._between.clear()
            self._between[start, end] = found
        return found

    def _walk(self, day: date, n: int, step: timedelta) -> date:
        if n < 0:
            raise ValueError("a number of working days cannot be negative")
        while n:
            day += step
            n -= self.is_working_day(day)
        return day

    @cached_property
    def _between(self) -> dict[tuple[date, date], int]:
        """What was counted before: a list asks the same few dates of today for each of its lines."""
        return {}

    @cached_property
    def _assuming(self) -> Self:
        # Not model_copy: pydantic would take the days already looked up along.
        return type(self)(years=self.years, assume_unverified=True)

    @cached_property
    def _by_year(self) -> dict[int, dict[date, DayNote]]:
        return {year.year: _notes(year, self.assume_unverified) for year in self.years}


def _ordinary(day: date) -> DayNote:
    weekday = day.weekday()
    weekend = weekday >= 5
    return DayNote(
        day=day,
        kind="weekend" if weekend else "working",
        off=weekend,
        reason_vi=f"Nghỉ hằng tuần ({_WEEKDAYS_VI[weekday]})"
        if weekend
        else f"Ngày làm việc ({_WEEKDAYS_VI[weekday]})",
        reason_en=f"Weekly rest ({_WEEKDAYS_EN[weekday]})"
        if weekend
        else f"Working day ({_WEEKDAYS_EN[weekday]})",
        source=_WEEK_SOURCE,
    )


def _notes(year: CalendarYear, assume: bool) -> dict[date, DayNote]:
    acts = {act.id: f"{act.number} ngày {act.date:%d/%m/%Y}" for act in year.proclamations}
    notes = {}
    for day in (*year.days, *year.working_days):
        worked = day in year.working_days
        decided = assume or day.kind != "unverified"
        notes[day.date] = DayNote(
            day=day.date,
            kind="worked_in_exchange" if worked and decided else day.kind,
            off=(decided != worked) or (day.date.weekday() >= 5 and not worked),
            reason_vi=day.vi,
            reason_en=day.en,
            source=_source(day, acts),
        )
    return notes


def _source(day: SpecialDay, acts: Mapping[str, str]) -> str:
    parts = []
    if day.law:
        parts.append(f"Bộ luật Lao động 2019, Điều {day.law}")
    if day.proclamation:
        parts.append(acts[day.proclamation])
    return "; ".join(parts) or "Chưa xác minh"
