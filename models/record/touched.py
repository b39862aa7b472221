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
from models.record.regimes import OWN_LAW
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
    " AND p.agency_id = ANY (CAST(:under AS uuid[]))) AS other_law"
)
_COMING = text(f"{WHO} SELECT DISTINCT to_id FROM who")  # noqa: S608 — our own text
_HOLDING = text(
    "SELECT DISTINCT agency_id, role FROM grants WHERE role = ANY (CAST(:roles AS text[]))"
    " AND valid_from <= :on AND (valid_to IS NULL OR valid_to > :on)"
)


@dataclass(frozen=True, slots=True)
class UnitTouched:
    """One agency the plan touches."""

    agency_id: UUID
    code: str
    name: str
    what: str
    """``ends``, ``begins``, ``changes`` or ``receives``."""
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
    own = await connection.scalar(OWN_LAW) if compiled.regimes else None
    switched = [one.agency_id for one in compiled.regimes if one.regulation != own]
    under = {below for one in switched for below in compiled.before.below(one, compiled.on)}
    row = (await connection.execute(_TOUCHED, {**parameters, "ended": ended, "under": sorted(under)})).one()
    counted = await connection.execute(COUNTS, {"units": sorted(compiled.touched)})
    counts = {one.agency_id: one.people for one in counted}
    coming = {one.to_id for one in await connection.execute(_COMING, parameters)}
    staying = {unit for unit in counts if unit not in compiled.ended}
    lost = await _without(connection, compiled, coming | staying, _approving())
    headless = await _without(connection, compiled, set(compiled.created), ("head",), alone=True)
    agents = [unit for unit in ended if (was := compiled.before.state(unit, compiled.on)) and was.has_account]
    found = Touched(
        units=tuple(_units(compiled, counts)),
        **{name: getattr(row, name) for name in _NUMBERS},
        sync_agents=_codes(compiled, agents),
        approvers_lost=lost,
        without_head=headless,
        codes_closed=compiled.codes_closed,
    )
    warned = tuple(_warnings(found, len(compiled.undone), passed=compiled.on < today))
    return Touched(**{**_values(found), "warnings": warned})


_NUMBERS = (
    "people", "unplaced", "open_duties", "approvals", "transfers", "delegations", "accounts", "months",
    "other_law",
)  # fmt: skip


def _values(found: Touched) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Touched.__dataclass_fields__}


def _warnings(found: Touched, undone: int, *, passed: bool) -> Iterable[Warned]:
    yield from (
        Warned(code, count)
        for code, count in (
            ("approvals-in-flight", found.approvals),
            ("transfers-under-way", found.transfers),
            ("delegations-end", found.delegations),
            ("month-ends-open", found.months),
            ("law-changes", found.other_law),
            ("posts-not-restored", undone),
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


async def _without(
    connection: AsyncConnection,
    compiled: Compiled,
    units: Collection[UUID],
    wanted: tuple[str, ...],
    *,
    alone: bool = False,
) -> tuple[str, ...]:
    """Units in which, after the day, nobody in line (``alone``: in the unit itself) holds one of the roles.

    What is held in a unit that ends is held in its heir from then on.
    """
    rows = await connection.execute(_HOLDING, {"roles": list(wanted), "on": compiled.on})
    held = {compiled.heirs.get(row.agency_id, row.agency_id) for row in rows}
    bare = [
        unit
        for unit in units
        if not held & ({unit} if alone else set(compiled.after.line(unit, compiled.on)))
    ]
    return _codes(compiled, bare)


def _codes(compiled: Compiled, units: Iterable[UUID]) -> tuple[str, ...]:
    states = (
        compiled.after.state(unit, compiled.on) or compiled.before.state(unit, compiled.on) for unit in units
    )
    return tuple(sorted(state.code for state in states if state is not None))


def _units(compiled: Compiled, counts: dict[UUID, int]) -> Iterable[UnitTouched]:
    targets = {one.to for one in compiled.placements}
    changed = {one.agency_id for _, one in (*compiled.opening, *compiled.closing)} | {
        one.agency_id for one in compiled.regimes
    }
    for unit in sorted(compiled.touched):
        state = compiled.before.state(unit, compiled.on) or compiled.after.state(unit, compiled.on)
        if state is None:
            continue
        if unit in compiled.ended:
            what = "ends"
        elif unit in compiled.created:
            what = "begins"
        else:
            what = "receives" if unit in targets and unit not in changed else "changes"
        yield UnitTouched(unit, state.code, state.name, what, counts.get(unit, 0))
