"""What a plan touches, counted before anybody approves it: nothing is written.

Whoever reads it must see the whole of what is touched: it is counted in the scope of the authority, and holds
numbers and units, no person.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.access import Verb, roles
from models.access.catalogue import Scope
from models.lifecycle.reorganisation import Compiled
from models.record.laws_changed import laws_changed
from models.record.passing_back import not_given_back
from models.record.reorganisation_people import WHO, who
from models.record.reorganisation_rows import COUNTS, Judged

_TOUCHED = text(
    f"{WHO} SELECT (SELECT count(*) FROM who) AS people,"  # noqa: S608 — our own text
    " (SELECT count(*) FROM who WHERE NOT placed) AS unplaced,"
    " (SELECT count(*) FROM duties d WHERE d.state = 'open' AND (d.profile_id IN (SELECT id FROM who)"
    " OR (d.profile_id IS NULL AND d.agency_id = ANY (CAST(:ended AS uuid[]))))) AS open_duties,"
    " (SELECT count(*) FROM revisions r WHERE r.state IN ('submitted', 'signing')"
    " AND r.profile_id IN (SELECT id FROM who)) AS approvals,"
    " (SELECT count(*) FROM cases c WHERE c.kind = 'transfer' AND c.closed_at IS NULL"
    " AND (c.profile_id IN (SELECT id FROM who) OR c.from_agency_id = ANY (CAST(:ended AS uuid[]))"
    " OR c.to_agency_id = ANY (CAST(:ended AS uuid[])))) AS transfers,"
    " (SELECT count(*) FROM delegations d WHERE d.state <> 'ended'"
    " AND d.agency_id = ANY (CAST(:ended AS uuid[]))) AS delegations,"
    " (SELECT count(*) FROM accounts a WHERE a.state <> 'cancelled' AND (a.profile_id IN (SELECT id FROM who)"
    " OR a.agency_id = ANY (CAST(:ended AS uuid[])))) AS accounts,"
    " (SELECT count(*) FROM agency_months m WHERE m.state <> 'closed'"
    " AND m.agency_id = ANY (CAST(:ended AS uuid[]))) AS months,"
    " (SELECT count(*) FROM profiles p WHERE p.chapter <> 'archive'"
    " AND p.agency_id = ANY (CAST(:under AS uuid[])) AND p.id NOT IN (SELECT id FROM who)) AS other_law"
)
_GOING = text(f"{WHO} SELECT from_id, to_id, count(*) AS people FROM who GROUP BY 1, 2")  # noqa: S608 — our own text
# Whoever leaves a unit that stands on leaves the post there, too (``posts_left``).
_HOLDING = text(
    f"{WHO} SELECT g.agency_id, bool_or(w.id IS NULL) AS stays FROM grants g"  # noqa: S608 — our own text
    " JOIN accounts a ON a.id = g.account_id LEFT JOIN who w ON w.id = a.profile_id"
    " AND w.from_id <> ALL (CAST(:ended AS uuid[])) WHERE g.role = ANY (CAST(:roles AS text[]))"
    " AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on) GROUP BY 1"
)


@dataclass(frozen=True, slots=True)
class UnitTouched:
    """One agency the plan touches."""

    agency_id: UUID
    code: str
    name: str
    what: str
    """``ends``, ``begins``, ``changes``, ``receives`` or ``gives``."""
    people: int


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the plan must answer for before it is approved."""

    code: str
    count: int
    units: tuple[str, ...] = ()
    """Codes of the units it is about, where it is about units."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a plan touches: numbers, units, warnings."""

    units: tuple[UnitTouched, ...] = ()
    people: int = 0
    unplaced: int = 0
    open_duties: int = 0
    approvals: int = 0
    transfers: int = 0
    delegations: int = 0
    accounts: int = 0
    months: int = 0
    other_law: int = 0
    sync_agents: tuple[str, ...] = ()
    approvers_lost: tuple[str, ...] = ()
    without_head: tuple[str, ...] = ()
    codes_closed: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = field(default=())


async def touched(connection: AsyncConnection, judged: Judged, today: date) -> Touched:
    """Count what a plan touches now; empty where its lines cannot be."""
    compiled = judged.compiled
    if compiled is None:
        return Touched()
    parameters = who(compiled, judged.census)
    ended = list(compiled.ended)
    laws = await laws_changed(connection, compiled)
    values = {**parameters, "ended": ended, "under": laws.units}
    row = (await connection.execute(_TOUCHED, values)).one()
    going = (await connection.execute(_GOING, parameters)).all()
    across = sum(one.people for one in going if laws.between(one.from_id, one.to_id))
    counted = await connection.execute(COUNTS, {"units": sorted(_reached(compiled))})
    counts = {one.agency_id: one.people for one in counted}
    held = await _held(connection, compiled, parameters, _approving())
    lost = _lost(compiled, held, {one.to_id for one in going}, set(counts))
    heads = await _held(connection, compiled, parameters, ("head",))
    headless = [unit for unit in compiled.created if unit not in heads.after]
    agents = [unit for unit in ended if (was := compiled.before.state(unit, compiled.on)) and was.has_account]
    found = Touched(
        units=tuple(_units(compiled, counts)),
        **{name: getattr(row, name) for name in _NUMBERS},
        other_law=row.other_law + across,
        sync_agents=_codes(compiled, agents),
        approvers_lost=_codes(compiled, lost),
        without_head=_codes(compiled, headless),
        codes_closed=compiled.codes_closed,
    )
    gone = await not_given_back(connection, compiled.undone) if compiled.undone else (0, 0)
    warned = tuple(_warnings(found, gone, passed=compiled.on < today))
    return Touched(**{**_values(found), "warnings": warned})


_NUMBERS = (
    "people", "unplaced", "open_duties", "approvals", "transfers", "delegations", "accounts", "months",
)  # fmt: skip


def _values(found: Touched) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Touched.__dataclass_fields__}


def _warnings(found: Touched, lost: tuple[int, int], *, passed: bool) -> Iterable[Warned]:
    yield from (
        Warned(code, count)
        for code, count in (
            ("approvals-in-flight", found.approvals),
            ("transfers-under-way", found.transfers),
            ("delegations-end", found.delegations),
            ("month-ends-open", found.months),
            ("law-changes", found.other_law),
            ("posts-not-restored", lost[0]),
            ("ended-for-good", lost[1]),
            ("day-passed", int(passed)),
        )
        if count
    )
    yield from (
        Warned(code, len(units), units)
        for code, units in (
            ("sync-agents-lost", found.sync_agents),
            ("approvers-lost", found.approvers_lost),
            ("units-without-head", found.without_head),
        )
        if units
    )


def _approving() -> tuple[str, ...]:
    """Roles of an agency whose holders approve in it and below it."""
    table = roles().roles
    return tuple(
        name for name, role in table.items() if Verb.APPROVE in role.verbs and role.scope is Scope.SUBTREE
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """Agencies in which somebody holds one of some roles, before the day and after it."""

    before: frozenset[UUID]
    after: frozenset[UUID]
    """What is held in a unit that ends is held in its heir from then on."""


async def _held(
    connection: AsyncConnection, compiled: Compiled, parameters: dict[str, Any], wanted: tuple[str, ...]
) -> _Held:
    values = {**parameters, "ended": list(compiled.ended), "roles": list(wanted), "on": compiled.on}
    rows = (await connection.execute(_HOLDING, values)).all()
    after = frozenset(compiled.heirs.get(row.agency_id, row.agency_id) for row in rows if row.stays)
    return _Held(frozenset(row.agency_id for row in rows), after)


def _reached(compiled: Compiled) -> set[UUID]:
    """The units touched and all below them, which are in another line where those are."""
    trees, on = (compiled.before, compiled.after), compiled.on
    return set(compiled.touched).union(*(tree.below(one, on) for tree in trees for one in compiled.touched))


def _lost(compiled: Compiled, held: _Held, coming: Collection[UUID], peopled: Collection[UUID]) -> list[UUID]:
    """Units with people in which, after the day, nobody in line holds one of the roles.

    Of units that are only below those touched: where somebody did before.
    """
    on = compiled.on
    bare = []
    for unit in {*coming, *peopled} - set(compiled.ended):
        own = unit in coming or unit in compiled.touched
        had = own or not held.before.isdisjoint(compiled.before.line(unit, on))
        if had and held.after.isdisjoint(compiled.after.line(unit, on)):
            bare.append(unit)
    return bare


def _codes(compiled: Compiled, units: Iterable[UUID]) -> tuple[str, ...]:
    states = (
        compiled.after.state(unit, compiled.on) or compiled.before.state(unit, compiled.on) for unit in units
    )
    return tuple(sorted(state.code for state in states if state is not None))


def _units(compiled: Compiled, counts: dict[UUID, int]) -> Iterable[UnitTouched]:
    targets = {one.to for one in compiled.placements}
    givers = {one.unit for one in compiled.placements}
    changed = {one.agency_id for _, one in (*compiled.opening, *compiled.closing)} | {
        one.agency_id for one in compiled.regimes
    }
    for unit in sorted(compiled.touched):
        state = compiled.before.state(unit, compiled.on) or compiled.after.state(unit, compiled.on)
        if state is None:
            continue
        if unit in compiled.ended:
            what = "ends"
        elif compiled.before.state(unit, compiled.on) is None:
            what = "begins"
        elif unit in changed or unit not in targets | givers:
            what = "changes"
        else:
            what = "receives" if unit in targets else "gives"
        yield UnitTouched(unit, state.code, state.name, what, counts.get(unit, 0))
