"""The recorded facts a simulation walks: events, cases, lists and the tree, in a few statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import text

from api.scope import Reading
from models.calendar import Calendar, legal_date, start_of_day
from models.lifecycle.life import AgencyMonth
from models.lifecycle.simulated import Happened, Listed, Person, Place, Reported, Review, World
from models.lifecycle.simulating import READ
from models.record.reviews import reporters
from models.regulations import Policy, RuleSet

_EVENTS = text(
    "SELECT e.profile_id, e.transaction, e.at, e.command_id IS NOT NULL AS by_command, e.kind, e.facts,"
    " e.agency_id, p.category FROM events e JOIN profiles p ON p.id = e.profile_id"
    " WHERE e.kind = ANY (:kinds) AND e.at < :until ORDER BY e.profile_id, e.position"
)
_CASES = text(
    "SELECT id, kind, from_agency_id, to_agency_id, mode, effective_on, facts FROM cases"
    " WHERE opened_at < :until"
)
_AGENCIES = text(
    "SELECT a.id, a.kind,"
    " coalesce(a.standing, CASE WHEN a.has_account THEN 'subordinate' ELSE 'constituent' END) AS standing,"
    " (SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = a.id AND c.depth = 1"
    " AND c.valid_to IS NULL LIMIT 1) AS above FROM agencies a"
)
_MONTHS = text(
    "SELECT m.id, m.authority_id, m.agency_id, m.month, m.opens_on, m.nominal_end, m.rolled_end, m.listed,"
    " m.kind, m.opened_at FROM agency_months m WHERE m.opened_at < :until ORDER BY m.month, m.id"
)
_DONE = text(
    "SELECT stream_id, facts ->> 'slot' AS slot, at FROM events WHERE kind = 'duty.met'"
    " AND profile_id IS NULL AND at < :until"
)
_REVIEWS = text(
    "SELECT v.id AS review_id, v.period, v.opens_on, v.opened_at, t.id AS report_id, t.agency_id, t.whole"
    " FROM reviews v JOIN review_reports t ON t.review_id = v.id WHERE v.opened_at < :until"
    " ORDER BY v.period, v.id, t.id"
)
_VOID = text(
    "SELECT stream_id, at FROM events WHERE kind = 'duty.void' AND profile_id IS NULL AND at < :until"
)
# An installation holds several authorities, and everybody may see which.
_OFFICES = text("SELECT department_id, ict_department_id FROM authorities WHERE authority_id = :authority")
_BEGUN = text("SELECT min(at) FROM events")
_LOADS = text("SELECT hash, valid_from, loaded_at FROM rule_set_loads ORDER BY valid_from, loaded_at, id")


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened until an instant, and when which rule set was known and in force."""

    people: tuple[Person, ...]
    lists: tuple[Listed, ...]
    places: Mapping[UUID, Place]
    department_id: UUID | None
    ict_department_id: UUID | None
    loads: tuple[tuple[date, datetime, RuleSet], ...]
    reviews: tuple[Review, ...]
    reporters: tuple[tuple[UUID, bool], ...]
    """Who would report in a review opened now; true is the report of the whole."""
    begun_on: date
    """The day of the first thing recorded."""

    def world(self, calendar: Calendar, policy: Policy, law: RuleSet | None = None) -> World:
        """The world under the law that was in force at each instant; or under ``law`` throughout."""
        at = self._law_at() if law is None else lambda _at: law
        return World(at, calendar, policy, self.department_id, self.places, self.ict_department_id)

    def _law_at(self) -> Callable[[datetime], RuleSet]:
        days: dict[tuple[date, int], RuleSet] = {}

        def law_at(at: datetime) -> RuleSet:
            known = [one for one in self.loads if one[1] <= at] or list(self.loads)
            key = (legal_date(at), len(known))
            if key not in days:
                held = [one for one in known if one[0] <= key[0]] or known[:1]
                days[key] = max(held, key=lambda one: (one[0], one[1]))[2]
            return days[key]

        return law_at


async def collect(read: Reading, until: datetime) -> Facts:
    """Everything recorded before an instant, as far as the asker may see: for the authority as a whole."""
    execute, bound = read.connection.execute, {"until": until}
    cases = (await execute(_CASES, bound)).all()
    moves = {str(row.id): _move(row) for row in cases}
    events = (await execute(_EVENTS, {**bound, "kinds": list(READ)})).all()
    done: dict[UUID, dict[str, date]] = defaultdict(dict)
    for row in await execute(_DONE, bound):
        done[row.stream_id][row.slot] = legal_date(row.at)
    months = (await execute(_MONTHS, bound)).all()
    places = {row.id: _place(row) for row in await execute(_AGENCIES)}
    offices = (await execute(_OFFICES, {"authority": read.who.authority_id})).one()
    return Facts(
        people=tuple(_people(events, moves)),
        lists=tuple(_listed(row, done[row.id]) for row in months),
        places=places,
        department_id=offices.department_id,
        ict_department_id=offices.ict_department_id,
        loads=await _loads(read),
        reviews=tuple(_reviews((await execute(_REVIEWS, bound)).all(), done, await _void(read, bound))),
        reporters=await reporters(read.connection, read.who.authority_id, read.today),
        begun_on=legal_date(await read.connection.scalar(_BEGUN) or until),
    )


async def _void(read: Reading, bound: Mapping[str, Any]) -> dict[UUID, date]:
    return {row.stream_id: legal_date(row.at) for row in await read.connection.execute(_VOID, bound)}


async def _loads(read: Reading) -> tuple[tuple[date, datetime, RuleSet], ...]:
    authority = read.who.authority_id
    _, calendar = await read.own_law()
    found = []
    for row in (await read.connection.execute(_LOADS)).all():
        law, _ = await read.tools.under(read.connection, authority, row.hash, calendar.hash)
        found.append((row.valid_from, row.loaded_at, law))
    return tuple(found)


def _move(row: Any) -> dict[str, Any]:
    handed_over = row.facts.get("handed_over_on")
    return {
        "kind": row.kind,
        "from_agency": row.from_agency_id,
        "to_agency": row.to_agency_id,
        "mode": row.mode,
        "effective_on": row.effective_on,
        "facts": row.facts,
        "covered": bool(row.facts.get("covered")),
        "handed_over_on": date.fromisoformat(handed_over) if handed_over else None,
    }


def _place(row: Any) -> Place:
    return Place(row.id, row.above or row.id, {"agency": row.standing, "kind": row.kind})


def _people(events: Iterable[Any], moves: Mapping[str, Mapping[str, Any]]) -> Iterator[Person]:
    for profile_id, rows in groupby(events, key=lambda row: row.profile_id):
        own = list(rows)
        acts = []
        for _, together in groupby(own, key=lambda row: row.transaction):
            act = list(together)
            told = tuple((row.kind, row.facts) for row in act)
            acts.append(Happened(act[0].at, any(row.by_command for row in act), told))
        yield Person(profile_id, own[0].category, own[0].agency_id, tuple(acts), moves)


def _listed(row: Any, done: Mapping[str, date]) -> Listed:
    month = AgencyMonth(
        id=row.id,
        authority_id=row.authority_id,
        agency_id=row.agency_id,
        month=row.month,
        state="open",
        opens_on=row.opens_on,
        nominal_end=row.nominal_end,
        rolled_end=row.rolled_end,
        version=1,
        kind=row.kind,
    )
    closes = start_of_day(row.rolled_end + timedelta(days=1))
    return Listed(month, row.listed, row.opened_at, closes, done)


def _reviews(
    rows: Iterable[Any], done: Mapping[UUID, Mapping[str, date]], void: Mapping[UUID, date]
) -> Iterator[Review]:
    for _, together in groupby(rows, key=lambda row: row.review_id):
        own = list(together)
        reports = (
            Reported(
                row.report_id,
                row.review_id,
                row.agency_id,
                row.whole,
                sent_on=next(iter(done.get(row.report_id, {}).values()), None),
                ended_on=void.get(row.report_id),
            )
            for row in own
        )
        yield Review(own[0].period, own[0].opened_at, own[0].opens_on, tuple(reports))
