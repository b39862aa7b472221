"""Figures as people and machines read them."""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing beside its budget; ``bare`` is the cost of the same work without us, same run."""

    name: str
    measured: float | None
    unit: str
    budget: float | None = None
    better: Literal["lower", "higher"] = "lower"
    bare: float | None = None
    ratio: float | None = None
    """What the budget is about where there is a bare cost; otherwise the budget is about ``measured``."""
    sizes: str = ""
    where: dict[str, float] = field(default_factory=dict)
    """Where the time goes: milliseconds of CPU per unit of work by process, or as the name says."""
    note: str = ""

    @property
    def judged(self) -> float | None:
        """The number the budget is about."""
        return self.ratio if self.ratio is not None else self.measured

    @property
    def met(self) -> bool | None:
        """Whether the budget is met; none where there is no budget or nothing could be measured."""
        if self.budget is None or self.judged is None:
            return None
        return self.judged >= self.budget if self.better == "higher" else self.judged <= self.budget


def median(values: Sequence[float]) -> float:
    """The middle of several runs."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the sample does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def lines(figure: Figure) -> list[str]:
    """One figure for people."""
    verdict = {True: "met", False: "MISSED", None: "—"}[figure.met]
    sign = "≥" if figure.better == "higher" else "≤"
    head = f"{figure.name}: {_number(figure.measured)} {figure.unit}"
    if figure.bare is not None:
        head += f" | bare {_number(figure.bare)}"
    if figure.ratio is not None:
        head += f" | ratio {_number(figure.ratio)}"
    if figure.budget is not None:
        head += f" | budget {sign} {figure.budget:g} | {verdict}"
    shares = ", ".join(f"{name} {_number(value)}" for name, value in figure.where.items())
    more = (figure.sizes, f"time: {shares}" if shares else "", figure.note)
    return [head, *(f"    {line}" for line in more if line)]


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def as_json(machine: str, figures: Sequence[Figure]) -> str:
    """All figures for machines."""
    found = [{**asdict(figure), "met": figure.met} for figure in figures]
    return json.dumps({"machine": machine, "figures": found}, ensure_ascii=False, indent=2)


Say = Callable[[str], None]
