"""Salary groups of NĐ 204/2004/NĐ-CP: what coefficient a step has and how long a step lasts."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from .codes import code_list
from .loading import document


@dataclass(frozen=True)
class SalaryGroup:
    """A row of the salary tables. ``months``: from one step to the next (TT 08/2013/TT-BNV Điều 2)."""

    name: str
    first: Decimal
    increment: Decimal
    steps: int
    months: int

    def coefficient(self, step: int) -> Decimal:
        """The coefficient of a step counted from 1."""
        return self.first + (step - 1) * self.increment


@cache
def salary_groups() -> dict[str, SalaryGroup]:
    """All groups by name, e.g. ``A1``."""
    return {
        name: SalaryGroup(name, Decimal(row["first"]), Decimal(row["increment"]), row["steps"], row["months"])
        for name, row in document("timetables", "salary")["groups"].items()
    }


def salary_source() -> str:
    """The texts the groups come from, with how far they were checked."""
    return str(document("timetables", "salary")["source"])


def group_of_rank(rank_code: object) -> SalaryGroup | None:
    """The salary group of a rank; None when the rank list does not know it."""
    entry = code_list("rank").codes.get(rank_code) if isinstance(rank_code, str) else None
    return salary_groups()[entry.extra["salary_group"]] if entry else None


def months_between_steps(rank_code: object, coefficient: Decimal | None) -> int:
    """Months of a salary step: by the rank's group, else by the coefficient."""
    group = group_of_rank(rank_code)
    if group is not None:
        return group.months
    rule = document("timetables", "salary")["unknown_rank"]
    long = coefficient is not None and coefficient >= Decimal(rule["long_from"])
    return int(rule["long_months"] if long else rule["short_months"])
