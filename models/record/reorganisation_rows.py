"""What a plan is judged by: the tree, who is where, other plans; a reorganisation's own row as a value."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_reorganisation import Plan, Restore
from models.lifecycle.reorganisation import (
    Case,
    Census,
    Compiled,
    Fault,
    Former,
    PlanError,
    Regime,
    Reorganised,
    Switch,
)
from models.lifecycle.reorganisation_plan import check_people, compile_plan, held_elsewhere
from models.lifecycle.tree import Tree
from models.record.regimes import regime_faults, regulation_faults
from models.record.shelf import Shelf
from models.record.tree_acts import first_open_day

COUNTS = text(
    "SELECT agency_id, count(*) AS people FROM profiles WHERE chapter <> 'archive'"
    " AND agency_id = ANY (CAST(:units AS uuid[])) GROUP BY agency_id"
)
_NAMED = text(
    "SELECT id, staff_number, agency_id FROM profiles WHERE chapter <> 'archive'"
    " AND (id = ANY (CAST(:ids AS uuid[])) OR staff_number = ANY (CAST(:numbers AS text[])))"
)
_MOVED = text(
    "SELECT i.reorganisation_id AS of, i.from_agency_id, i.to_agency_id, count(*) AS people"
    " FROM reorganisation_items i JOIN profiles p ON p.id = i.profile_id AND p.agency_id = i.to_agency_id"
    " WHERE i.reorganisation_id = ANY (CAST(:of AS uuid[])) AND i.state = 'moved' AND p.chapter <> 'archive'"
    " AND i.from_agency_id <> i.to_agency_id"
    " GROUP BY 1, 2, 3"
)
_HELD = text(
    "SELECT id, unnest(units) AS unit FROM reorganisations"
    " WHERE state IN ('approved', 'executing') AND id <> :self"
)
_FORMER = text(
    "SELECT r.id, r.former, r.effective_on, r.agency_id, EXISTS (SELECT 1 FROM agency_regimes g"
    " WHERE g.reorganisation_id = r.id OR r.plan -> 'operations' @> jsonb_build_array("
    "   jsonb_build_object('op', 'restore', 'of', CAST(g.reorganisation_id AS text)))) AS regimes,"
    " (SELECT min(a.code) FROM agency_regimes g JOIN agencies a ON a.id = g.agency_id"
    "   WHERE g.reorganisation_id = r.id AND g.valid_to IS NOT NULL) AS otherwise,"
    " EXISTS (SELECT 1 FROM reorganisations o WHERE o.id <> :self"
    " AND o.state IN ('approved', 'executing', 'done') AND o.plan -> 'operations'"
    " @> jsonb_build_array(jsonb_build_object('op', 'restore', 'of', r.id::text))) AS restored"
    " FROM reorganisations r WHERE r.id = ANY (CAST(:of AS uuid[])) AND r.state = 'done'"
)
_ROW = text("SELECT * FROM reorganisations WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Judged:
    """A plan held against the tree and the people of now. ``compiled`` is none where its lines cannot be."""

    plan: Plan
    compiled: Compiled | None
    census: Census
    faults: tuple[Fault, ...]


def canonical(plan: Plan) -> tuple[dict[str, Any], str]:
    """The plan as it is kept, and the SHA-256 of its canonical JSON (RFC 8785)."""
    kept = plan.model_dump(mode="json")
    return kept, hashlib.sha256(rfc8785.dumps(kept)).hexdigest()


async def judge_plan(
    connection: AsyncConnection, shelf: Shelf, plan: Plan, reorganisation_id: UUID, tree: Tree
) -> Judged:
    """The plan against what stands: nothing is written."""
    former, faults = await _former(connection, plan, reorganisation_id)
    faults += await regulation_faults(connection, shelf, plan)
    earliest = await first_open_day(connection)
    try:
        compiled = compile_plan(plan, tree, reorganisation_id, earliest=earliest, former=former)
    except PlanError as error:
        told = {(one.line, one.code) for one in faults}
        more = [one for one in error.faults if (one.line, "restored-already") not in told]
        return Judged(plan, None, Census(), tuple(sorted((*faults, *more), key=_order)))
    faults += await regime_faults(connection, compiled)
    census = await _census(connection, compiled)
    faults += check_people(compiled, census)
    held = {row.unit: row.id for row in await connection.execute(_HELD, {"self": reorganisation_id})}
    faults += held_elsewhere(compiled, held)
    return Judged(plan, compiled, census, tuple(sorted(faults, key=_order)))


def _order(one: Fault) -> tuple[int, str]:
    return one.line, one.code


async def _former(
    connection: AsyncConnection, plan: Plan, reorganisation_id: UUID
) -> tuple[dict[UUID, Former], list[Fault]]:
    """Plans that are to be taken back; one that was taken back already is none."""
    wanted = {one.of: one.line for one in plan.operations if isinstance(one, Restore)}
    found: dict[UUID, Former] = {}
    faults = []
    if wanted:
        for row in await connection.execute(_FORMER, {"of": list(wanted), "self": reorganisation_id}):
            if row.restored:
                faults.append(Fault(wanted[row.id], "restored-already", str(row.id)))
                continue
            if row.otherwise is not None:
                faults.append(Fault(wanted[row.id], "changed-since", row.otherwise, row.effective_on))
            # Who may take it back: whoever may decide where it was decided; on whose law binds, the top.
            places = {row.agency_id, None} if row.regimes else {row.agency_id}
            found[row.id] = Former.from_json(row.former, row.effective_on, places)
    return found, faults


async def _census(connection: AsyncConnection, compiled: Compiled) -> Census:
    units = sorted({one.unit for one in compiled.placements} | set(compiled.ended))
    counts = {row.agency_id: row.people for row in await connection.execute(COUNTS, {"units": units})}
    moved: dict[UUID, dict[tuple[UUID, UUID], int]] = {}
    if compiled.undone:
        for row in await connection.execute(_MOVED, {"of": list(compiled.undone)}):
            moved.setdefault(row.of, {})[row.from_agency_id, row.to_agency_id] = row.people
    where = await _where(connection, {name for one in compiled.placements for name in one.people or ()})
    return Census(counts, where, moved)


async def _where(connection: AsyncConnection, names: Iterable[str]) -> Mapping[str, tuple[UUID, UUID]]:
    """Profile and agency of each person named by profile or staff number; two of one number are nobody."""
    ids: dict[UUID, str] = {}
    numbers: set[str] = set()
    for name in names:
        try:
            ids[UUID(name)] = name
        except ValueError:
            numbers.add(name)
    if not ids and not numbers:
        return {}
    found: dict[str, tuple[UUID, UUID]] = {}
    twice: set[str] = set()
    for row in await connection.execute(_NAMED, {"ids": list(ids), "numbers": sorted(numbers)}):
        if row.id in ids:
            found[ids[row.id]] = (row.id, row.agency_id)
        if row.staff_number in numbers:
            twice |= {row.staff_number} & found.keys()
            found[row.staff_number] = (row.id, row.agency_id)
    return {name: place for name, place in found.items() if name not in twice}


def case_of(row: Any) -> Case:
    """The row as decisions see it."""
    return Case(
        id=row.id,
        agency_id=row.agency_id,
        state=row.state,
        version=row.version,
        effective_on=row.effective_on,
        plan_hash=row.plan_hash,
        authors=frozenset(row.authors),
        next_wake_at=row.next_wake_at,
    )


def day_of(compiled: Compiled) -> dict[str, Any]:
    """What is kept of the day at its beginning, for its end and for whoever sees to what is left."""
    return {
        "created": [str(one) for one in sorted(compiled.created)],
        "ended": [str(one) for one in sorted(compiled.ended)],
        "heirs": {str(unit): str(heir) for unit, heir in sorted(compiled.heirs.items())},
        "codes_closed": list(compiled.codes_closed),
        "regimes": [[str(one.agency_id), one.regulation, one.duties] for one in compiled.regimes],
    }


async def reorganised(connection: AsyncConnection, reorganisation_id: UUID) -> Reorganised:
    """A reorganisation whose day has begun.

    Raises:
        LookupError: there is none, or its day has not begun.
    """
    row = (await connection.execute(_ROW, {"id": reorganisation_id})).one_or_none()
    if row is None or row.day is None:
        raise LookupError("no reorganisation of this id has begun")
    return told_of(row)


def told_of(row: Any) -> Reorganised:
    """The same of a row that was read."""
    day = row.day
    return Reorganised(
        id=row.id,
        authority_id=row.authority_id,
        agency_id=row.agency_id,
        effective_on=row.effective_on,
        document=document_of(row),
        created=tuple(UUID(one) for one in day["created"]),
        ended=tuple(UUID(one) for one in day["ended"]),
        heirs={UUID(unit): UUID(heir) for unit, heir in day["heirs"].items()},
        codes_closed=tuple(day["codes_closed"]),
        regimes=tuple(Regime(0, UUID(unit), law, duties) for unit, law, duties in day["regimes"]),
        switches=tuple(Switch.from_json(one) for one in day.get("switches", ())),
        undone=tuple(UUID(one["of"]) for one in row.plan["operations"] if one["op"] == "restore"),
    )


def document_of(row: Any) -> str:
    """The decision as it is quoted."""
    return quoted(row.decision_number, row.decision_on, row.decision_issuer)


def quoted(number: str, signed_on: date, issuer: str) -> str:
    """A decision as it is quoted."""
    return f"{number} ngày {signed_on:%d/%m/%Y} của {issuer}"


async def heirs(connection: AsyncConnection, reorganisation_id: UUID) -> dict[UUID, UUID]:
    """Who takes over what belongs to each ended unit itself."""
    return dict((await reorganised(connection, reorganisation_id)).heirs)
