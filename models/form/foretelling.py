"""The dates a form foretells: next salary step, end of a contract, reappointment, retirement.

They open the duty to update the profile by themselves. The rules are data, marked known or unverified.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from .dates import PartialDate, add_months, month_end
from .loading import document
from .normal import Content, is_decimal
from .salary import group_of_rank, months_between_steps, salary_source

ForetoldKind = Literal["salary_step", "beyond_frame", "contract_end", "reappointment", "retirement"]

_TERM_MONTHS = 60
_UNCHECKED = " (biết, chưa đối chiếu văn bản)"
_REAPPOINTMENT = "NĐ 138/2020/NĐ-CP Điều 42; Luật Cán bộ, công chức: thời hạn giữ chức vụ 05 năm" + _UNCHECKED
_CONTRACT = "Bộ luật Lao động 2019, Điều 20, Điều 34" + _UNCHECKED


@dataclass(frozen=True, order=True)
class Foretold:
    """What will happen ``on`` a day; ``path`` is the field that says so, ``source`` the rule."""

    on: date
    kind: ForetoldKind
    path: str
    source: str = ""


def foretold(content: Content, *, on: date) -> tuple[Foretold, ...]:
    """What the form foretells from day ``on`` on, soonest first.

    A caller that may have slept passes the day after it last looked, so that nothing is skipped. Values
    that do not read as dates foretell nothing.
    """
    every = (_salary_step(content), _contract(content), _reappointment(content), _retirement(content))
    return tuple(sorted(found for found in every if found is not None and found.on >= on))


def _full_date(content: Content, name: str) -> date | None:
    """A date known to the day."""
    day = _partial(content.get(name))
    return day.earliest if day and day.precision == "day" else None


def _partial(value: Any) -> PartialDate | None:
    try:
        return PartialDate.parse(value)
    except (TypeError, ValueError):
        return None


def _later(day: date, months: int) -> date | None:
    try:
        return add_months(day, months)
    except ValueError:
        return None


def _salary_step(content: Content) -> Foretold | None:
    since = _full_date(content, "salary_effective_on")
    rank = content.get("rank_code")
    if since is None:
        return None
    months = months_between_steps(rank, _number(content.get("salary_coefficient")))
    group, step = group_of_rank(rank), content.get("salary_step")
    if group and isinstance(step, int) and step >= group.steps:
        return _beyond_frame(content, since, months)
    due = _later(since, months)
    return Foretold(due, "salary_step", "salary_effective_on", salary_source()) if due else None


def _beyond_frame(content: Content, since: date, months: int) -> Foretold | None:
    """At the last step: first as long as a step, then every year (NĐ 204/2004/NĐ-CP Điều 6)."""
    source = str(document("timetables", "salary")["beyond_frame_source"])
    already = _full_date(content, "beyond_frame_effective_on")
    path = "beyond_frame_effective_on" if already else "salary_effective_on"
    due = _later(already, 12) if already else _later(since, months)
    return Foretold(due, "beyond_frame", path, source) if due else None


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, str) and is_decimal(value, 2) else None


def _contract(content: Content) -> Foretold | None:
    end = _full_date(content, "contract_valid_to")
    return Foretold(end, "contract_end", "contract_valid_to", _CONTRACT) if end else None


def _reappointment(content: Content) -> Foretold | None:
    for path in ("position_reappointed_on", "position_appointed_on"):
        since = _full_date(content, path)
        if since and content.get("current_position"):
            due = _later(since, _TERM_MONTHS)
            return Foretold(due, "reappointment", path, _REAPPOINTMENT) if due else None
    return None


def _retirement(content: Content) -> Foretold | None:
    born, gender = _partial(content.get("birth_date")), content.get("gender")
    if born is None or gender not in ("male", "female"):
        return None
    day = retirement_on(born, gender)
    return (
        Foretold(day, "retirement", "birth_date", str(document("timetables", "retirement")["source"]))
        if day
        else None
    )


def retirement_on(born: PartialDate, gender: str) -> date | None:
    """The last day of the month in which the retirement age is reached, in ordinary conditions.

    NĐ 135/2020/NĐ-CP Điều 3, 4. Where only the year of birth is known, 1 January of that year counts.
    None for someone born before the table begins.
    """
    month = f"{born.earliest:%Y-%m}"
    rows = [row for row in _roadmap(gender) if row[0] <= month]
    if not rows:
        return None
    _, age = rows[-1]
    reached = _later(born.earliest.replace(day=1), age)
    return month_end(reached) if reached else None


@cache
def _roadmap(gender: str) -> tuple[tuple[str, int], ...]:
    rows = document("timetables", "retirement")[gender]
    return tuple((str(row["born_from"]), 12 * int(row["years"]) + int(row["months"])) for row in rows)
