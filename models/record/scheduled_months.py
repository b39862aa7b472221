"""Month ends that are not open yet and that a plan touches: what the engine will open, and no longer will.

Whoever has no account is on the list of the nearest unit above that has one: the lists touched are those of
whoever synchronises for the plan's units, before it and after. Days are by the law that binds each unit then.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.rebasing import Basis
from models.lifecycle.reorganisation import Compiled
from models.lifecycle.tree import Tree
from models.record.months import MonthDates, days_of, last_day, next_month
from models.record.regimes import basis_after, bound_after, bound_on
from models.record.reorganisation_rows import Judged
from models.record.shelf import Shelf
from models.regulations import RuleSet

What = Literal["running", "opens", "begins", "ends"]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One month's list of one agency.

    ``what``: ``running`` opens before the plan's day and is open on it; ``opens`` opens on it or later;
    ``begins`` so does the first list of an agency that has none so far; ``ends`` is not opened any more.
    """

    agency_id: UUID
    code: str
    name: str
    month: str
    opens_on: date
    ends_on: date
    what: What


async def scheduled_months(
    connection: AsyncConnection, shelf: Shelf, authority_id: UUID, judged: Judged, today: date
) -> tuple[Scheduled, ...]:
    """Lists to come that the plan touches: those open on its day, and the first after it of each agency.

    Nothing for a plan that cannot be. What is open already is counted with the rest (`touched`).
    """
    compiled = judged.compiled
    if compiled is None or judged.faults:
        return ()
    laws = _Laws(
        await basis_after(connection, shelf, authority_id, judged.plan, compiled),
        compiled,
        await bound_on(connection, min(today, compiled.on)),
        await bound_after(connection, compiled),
    )
    found = [one for agency in sorted(agents(compiled, laws.changed)) for one in _of(agency, laws, today)]
    return tuple(sorted(found, key=lambda one: (one.opens_on, one.code)))


@dataclass(frozen=True, slots=True)
class _Laws:
    """The law of an agency on a day: as it is bound now until the plan's day, from then as the plan says."""

    basis: Basis
    compiled: Compiled
    before: Mapping[UUID, str | None]
    after: Mapping[UUID, str | None]

    @property
    def changed(self) -> set[UUID]:
        """Agencies for which another regulation is written by the plan, or no longer."""
        missing = object()
        every = {*self.before, *self.after}
        return {one for one in every if self.before.get(one, missing) != self.after.get(one, missing)}

    def of(self, agency: UUID, day: date) -> RuleSet | None:
        compiled = self.compiled
        later = day >= compiled.on and bool(compiled.after.line(agency, compiled.on))
        tree, bound = (compiled.after, self.after) if later else (compiled.before, self.before)
        line = tree.line(agency, compiled.on)
        return self.basis.on(day, next((bound[one] for one in line if one in bound), None))


def agents(compiled: Compiled, bound: Iterable[UUID]) -> set[UUID]:
    """Whoever keeps a list on which people of the plan's units stand, before its day or after; ``bound``:
    agencies for which another regulation is written by it."""
    units = set(compiled.touched)
    for agency in bound:  # other days for whoever is below, too
        units |= compiled.before.below(agency, compiled.on) | compiled.after.below(agency, compiled.on)
    found = {_agent(tree, unit, compiled.on) for tree in (compiled.before, compiled.after) for unit in units}
    return {agency for agency in found if agency is not None}


def _agent(tree: Tree, unit: UUID, on: date) -> UUID | None:
    return next((agency for agency in tree.line(unit, on) if _keeps(tree, agency, on)), None)


def _keeps(tree: Tree, agency: UUID, on: date) -> bool:
    state = tree.state(agency, on)
    return state is not None and state.has_account


def _of(agency: UUID, laws: _Laws, today: date) -> Iterator[Scheduled]:
    compiled, on = laws.compiled, laws.compiled.on
    before, after = _keeps(compiled.before, agency, on), _keeps(compiled.after, agency, on)
    state = (compiled.after if after else compiled.before).state(agency, on)
    assert state is not None  # it keeps a list in one of the two
    for dates in _coming(agency, laws, max(on, today), today):
        what: What = "opens" if before and after else "begins" if after else "ends"
        if dates.opens_on < on:
            if not before:
                continue  # it has no account yet when that list opens
            what = "running"
        yield Scheduled(agency, state.code, state.name, dates.month, dates.opens_on, dates.rolled_end, what)


def _coming(agency: UUID, laws: _Laws, day: date, today: date) -> Iterator[MonthDates]:
    """Months that open after today and still run on the day, up to the first that opens on it or later."""
    month = f"{day.replace(day=1) - DAY:%Y-%m}"
    while True:
        law, following = (laws.of(agency, last_day(one)) for one in (month, next_month(month)))
        if law is not None and following is not None:
            dates = days_of(month, law, following, laws.basis.calendar)
            if dates.opens_on > today and dates.closes_on > day:
                yield dates
                if dates.opens_on >= day:
                    return
        elif last_day(month) > day:
            return  # no law from which a window would follow
        month = next_month(month)
