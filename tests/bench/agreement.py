"""A million random reckonings of every period of every packaged text, against the independent slow model."""

import random
import time
from datetime import date, timedelta

from models.calendar import Calendar, reckon
from models.regulations import Deadline, seed
from tests.bench.report import Figure, Say
from tests.models.calendar import slow_model

FIRST, LAST = date(2024, 3, 11), date(2027, 8, 31)
"""Days from which no period of up to sixty days leaves the loaded years."""


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Compare; the first disagreement is an error, not a figure."""
    calendar, chance = Calendar.seed(), random.Random(20260101)
    deadlines = {_plain(rule.deadline) for text in seed() for rule in text.rules if rule.deadline}
    periods = [one for one in sorted(deadlines, key=repr) if _ends(one)]
    count = 20_000 if quick else 1_000_000
    say(f"{len(periods)} different periods, {count} reckonings; seed 20260101")
    span, spent = (LAST - FIRST).days, 0.0
    for _ in range(count):
        # Lengths of the texts and lengths no text has: an amendment may bring any.
        period = _varied(chance.choice(periods), chance)
        day = FIRST + timedelta(days=chance.randrange(span))
        begun = time.perf_counter()
        found = reckon(period, day, calendar)
        spent += time.perf_counter() - begun
        expected = _by_hand(period, day)
        if (found.nominal_due, found.due) != expected:
            raise AssertionError(
                f"{period!r} from {day}: {found.nominal_due}, {found.due}; by hand {expected}"
            )
    return [
        Figure(
            "random reckonings that agree with the independent model",
            float(count),
            "reckonings",
            1_000_000,
            better="higher",
            sizes=f"{len(periods)} periods of all texts, lengths varied; {count / spent:,.0f} reckonings/s",
            note="the model walks day by day and shares no code with what it checks",
        )
    ]


KNOWN = ("working_days", "calendar_days", "immediate", "last_n_calendar_days_of_month", "month", "date")


def _ends(deadline: Deadline) -> bool:
    """Whether it ends on a date that follows from the event."""
    return deadline.unit in KNOWN and (deadline.unit != "date" or bool(deadline.days_of_year))


def _plain(deadline: Deadline) -> Deadline:
    """The period alone, without the words of its text."""
    kept = {"unit", "n", "roll", "sla", "days_of_year", "strictly_before"}
    return Deadline(**{name: getattr(deadline, name) for name in kept})


def _varied(deadline: Deadline, chance: random.Random) -> Deadline:
    if deadline.unit not in KNOWN[:2] or chance.random() < 0.5:
        return deadline
    return deadline.model_copy(update={"n": chance.randint(1, 40), "roll": chance.random() < 0.5})


def _by_hand(deadline: Deadline, event: date) -> tuple[date, date]:
    match deadline.unit:
        case "working_days":
            assert deadline.n
            return slow_model.working_days(event, deadline.n)
        case "calendar_days":
            assert deadline.n is not None
            return slow_model.calendar_days(event, deadline.n, deadline.roll)
        case "immediate":
            assert deadline.sla_working_days is not None
            return event, slow_model.working_days(event, deadline.sla_working_days)[1]
        case "last_n_calendar_days_of_month" | "month":
            return slow_model.end_of_month(event, deadline.roll)
        case _:
            return slow_model.fixed(event, deadline.days_of_year, deadline.strictly_before, deadline.roll)
