"""Deadlines: how fast a due date is reckoned, beside plain date arithmetic. There is no budget."""

import time
from collections.abc import Callable
from datetime import date, timedelta

from models.calendar import Calendar, reckon
from models.regulations import in_force
from tests.bench.report import Figure, Say, median

DAY = timedelta(days=1)
FIRST, DAYS = date(2025, 1, 1), 500


async def run(_say: Say, *, quick: bool) -> list[Figure]:
    """Reckon the update after a change (hanoi.art6.3) from many days; the bare way walks over days off."""
    calendar = Calendar.seed()
    obligation = in_force("hanoi", date(2025, 6, 1)).slot("update_after_change")
    assert obligation is not None
    assert obligation.deadline is not None
    deadline, count = obligation.deadline, obligation.deadline.n
    assert count is not None
    starts = [FIRST + DAY * n for n in range(DAYS)]
    off = {d for d in (FIRST + DAY * n for n in range(-5, DAYS + 60)) if not calendar.is_working_day(d)}

    def ours() -> list[date]:
        return [reckon(deadline, start, calendar).due for start in starts]

    def bare() -> list[date]:
        return [_walk(start, count, off) for start in starts]

    assert ours() == bare(), "the two ways must agree, or they do not do the same work"
    rounds = 3 if quick else 15
    pairs = [(_rate(ours), _rate(bare)) for _ in range(rounds)]
    mine, plain = median([a for a, _ in pairs]), median([b for _, b in pairs])
    return [
        Figure(
            "due dates reckoned, with the days skipped and why",
            mine,
            "dates/s",
            bare=plain,
            ratio=median([a / b for a, b in pairs]),
            sizes=f"{DAYS} event days, {count} working days each, {rounds} rounds alternating, one process",
            note="the bare way answers only the date; ours also which days were skipped and by which act",
        )
    ]


def _walk(start: date, count: int, off: set[date]) -> date:
    day = start
    while count:
        day += DAY
        count -= day not in off
    return day


def _rate(work: Callable[[], list[date]]) -> float:
    begun = time.perf_counter()
    done = len(work())
    return done / (time.perf_counter() - begun)
