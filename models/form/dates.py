"""Partial dates: a year, a month or a day, as people's papers have them.

Serialised as ISO 8601 reduced precision: ``1975``, ``1975-04``, ``1975-04-30``. A missing day is never
invented: 1 January is not a birthday.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Self

_SHAPE = re.compile(r"([1-9][0-9]{3})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, order=False)
class PartialDate:
    """A date known to the year, the month or the day. ValueError for a day no calendar has (30 February)."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day needs its month")
        if not 1000 <= self.year <= 9999:
            raise ValueError("a year has four digits")
        date(self.year, 1 if self.month is None else self.month, 1 if self.day is None else self.day)

    @classmethod
    def parse(cls, text: str) -> "PartialDate":
        """Read the serialised form; ValueError when the shape or the calendar refuses it."""
        return _read(text)

    @classmethod
    def of(cls, day: date) -> Self:
        """A full date."""
        return cls(day.year, day.month, day.day)

    @property
    def precision(self) -> str:
        """``year``, ``month`` or ``day``."""
        return "day" if self.day else "month" if self.month else "year"

    @cached_property
    def earliest(self) -> date:
        """The first day it can mean."""
        return date(self.year, self.month or 1, self.day or 1)

    @cached_property
    def latest(self) -> date:
        """The last day it can mean."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def surely_before(self, other: "PartialDate | date") -> bool:
        """True only when every day it can mean lies before every day the other can mean."""
        return self.latest < (other if isinstance(other, date) else other.earliest)

    def surely_after(self, other: "PartialDate | date") -> bool:
        """True only when every day it can mean lies after every day the other can mean."""
        return self.earliest > (other if isinstance(other, date) else other.latest)

    def _order(self) -> tuple[int, int, int]:
        return self.year, self.month or 0, self.day or 0

    def __lt__(self, other: "PartialDate") -> bool:
        """A total order for lists: the vaguer date comes first."""
        return self._order() < other._order()

    def __le__(self, other: "PartialDate") -> bool:
        return self._order() <= other._order()

    def __str__(self) -> str:
        parts = [f"{self.year:04}"]
        parts += [f"{part:02}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    def in_vietnamese(self) -> str:
        """In words as NĐ 30/2020/NĐ-CP writes dates: a zero before days under 10 and months 1, 2."""
        if self.month is None:
            return f"năm {self.year}"
        month = f"{self.month:02}" if self.month < 3 else str(self.month)
        text = f"tháng {month} năm {self.year}"
        return text if self.day is None else f"ngày {self.day:02} {text}"


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month (Civil Code 2015 art. 148)."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


# A form is checked many times over, and people have the same months: what was read once stays read.
@lru_cache(maxsize=1 << 14)
def _read(text: str) -> PartialDate:
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError("expected YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = found.groups()
    return PartialDate(int(year), int(month) if month else None, int(day) if day else None)
