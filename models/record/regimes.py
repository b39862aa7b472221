"""Another regulation for a part of the tree: whether it can bind, its law loaded, what is written."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_reorganisation import MoveAuthority, Plan
from models.lifecycle.outcome import Outcome
from models.lifecycle.rebasing import Basis
from models.lifecycle.reorganisation import Compiled, Fault, Running, Switch
from models.lifecycle.scene import Scene
from models.lifecycle.switching import running
from models.record.basis import basis_of
from models.record.law_of import Laws
from models.record.loads import Load, load_regime
from models.record.shelf import Shelf
from models.record.tools import Tools
from models.regulations import (
    MissingSlots,
    NoLawInForce,
    OverlappingRegulations,
    Policy,
    RuleSet,
    Trial,
    TrialRefused,
    amended,
    check_trial,
    of_another,
    seed,
)

OWN_LAW = text("SELECT regulation FROM authorities WHERE authority_id = hoso_authority()")
_AUTHORITY = text("SELECT authority_id, regulation FROM authorities WHERE authority_id = hoso_authority()")
_ENDS = text(
    "UPDATE agency_regimes SET valid_to = :on WHERE agency_id = :agency AND valid_from <= :on"
    " AND (valid_to IS NULL OR valid_to > :on)"
)
_BINDING = text(
    "SELECT agency_id, regulation FROM agency_regimes WHERE valid_from <= :day"
    " AND (valid_to IS NULL OR valid_to > :day)"
)
_WRITE = text(
    "INSERT INTO agency_regimes (id, authority_id, agency_id, regulation, valid_from, duties, duties_by,"
    " duties_citation, reorganisation_id, document) VALUES (:id, :authority, :agency, :regulation, :on,"
    " :duties, :by, :citation, :case, :document)"
)
_UNDONE = text(
    "SELECT r.agency_id, r.duties, r.duties_by, r.duties_citation, o.regulation FROM agency_regimes r"
    " LEFT JOIN agency_regimes o"
    " ON o.agency_id = r.agency_id AND o.valid_to = r.valid_from AND o.id <> r.id"
    " WHERE r.reorganisation_id = ANY (CAST(:of AS uuid[])) AND r.valid_to IS NULL"
    # What the plan itself took back, and wrote nothing in the place of, binds again.
    " UNION ALL SELECT e.agency_id, e.duties, e.duties_by, e.duties_citation, e.regulation"
    " FROM reorganisations u CROSS JOIN LATERAL jsonb_array_elements(u.plan -> 'operations') AS l (line)"
    " JOIN agency_regimes e ON CAST(e.reorganisation_id AS text) = l.line ->> 'of'"
    "   AND e.valid_to = greatest(e.valid_from, u.effective_on)"
    " WHERE u.id = ANY (CAST(:of AS uuid[])) AND l.line ->> 'op' = 'restore' AND NOT EXISTS"
    " (SELECT 1 FROM agency_regimes n WHERE n.agency_id = e.agency_id AND n.reorganisation_id = u.id)"
)
Dated = tuple[tuple[date, RuleSet], ...]


async def regulation_faults(connection: AsyncConnection, shelf: Shelf, plan: Plan) -> list[Fault]:
    """A subtree goes only under a regulation that is here, complete, and in force on the day or on trial."""
    wanted = [one for one in plan.operations if isinstance(one, MoveAuthority)]
    if not wanted:
        return []
    who = (await connection.execute(_AUTHORITY)).one()
    basis = await basis_of(connection, shelf, who.authority_id)
    faults = []
    for one in wanted:
        if one.regulation != who.regulation:
            code = fault_of(basis, one.regulation, one.drafts, plan.decision.words, plan.effective_on)
            faults += [Fault(one.line, code, one.regulation, plan.effective_on)] if code else []
        elif one.drafts:
            faults.append(Fault(one.line, "draft-refused", one.regulation, plan.effective_on))
    return faults


_LATER = text(
    "SELECT agency_id, min(valid_from) AS since FROM agency_regimes WHERE agency_id = ANY (:agencies)"
    " AND valid_from > :on AND (valid_to IS NULL OR valid_to > valid_from) GROUP BY agency_id"
)


async def regime_faults(connection: AsyncConnection, compiled: Compiled) -> list[Fault]:
    """Whose law binds is not said for days on which something later is said already: one at a time."""
    lines = {one.agency_id: one.line for one in compiled.regimes}
    if not lines:
        return []
    rows = await connection.execute(_LATER, {"agencies": sorted(lines), "on": compiled.on})
    states = ((row, compiled.before.state(row.agency_id, compiled.on)) for row in rows)
    return [
        Fault(lines[row.agency_id], "regime-later", state.code if state else str(row.agency_id), row.since)
        for row, state in states
    ]


def fault_of(basis: Basis, code: str, drafts: tuple[str, ...], document: str, on: date) -> str | None:
    """Why another regulation cannot bind a part of the tree from a day on; none where it can."""
    if code not in basis.regimes and all(one.authority != code for one in seed()):
        return "unknown-regulation"
    try:
        to_load(basis, code, drafts, document, on)
    except TrialRefused:
        return "draft-refused"
    except NoLawInForce:
        return "regulation-not-in-force"
    except (MissingSlots, OverlappingRegulations):
        return "regulation-unfit"
    return None


def to_load(basis: Basis, code: str, drafts: tuple[str, ...], document: str, on: date) -> Dated:
    """The loads after which another regulation is there from ``on`` on; none where it is there already.

    Raises:
        NoLawInForce, MissingSlots, OverlappingRegulations: it cannot bind on that day.
        TrialRefused: a draft is none of that authority's, or law in force stands against a trial.
    """
    trial = Trial(drafts=drafts, document=document, starts=on) if drafts else None
    loaded = basis.regimes.get(code, ())
    if trial is not None:
        check_trial(code, trial, of_another(code, basis.laws, loaded).regulations)
    return tuple(amended(of_another(code, basis.laws, loaded, trial), loaded, on))


async def bound_on(connection: AsyncConnection, day: date) -> dict[UUID, str | None]:
    """Agencies for which a regulation is written that holds on a day; None is the authority's own."""
    own = await connection.scalar(OWN_LAW)
    rows = await connection.execute(_BINDING, {"day": day})
    return {row.agency_id: row.regulation if row.regulation != own else None for row in rows}


async def bound_after(connection: AsyncConnection, compiled: Compiled) -> dict[UUID, str | None]:
    """The same from the plan's day on, as the plan leaves it."""
    own = await connection.scalar(OWN_LAW)
    bound = await bound_on(connection, compiled.on)
    said = {one.agency_id: one.regulation for one in compiled.regimes}
    if compiled.undone:
        for row in await connection.execute(_UNDONE, {"of": list(compiled.undone)}):
            bound.pop(row.agency_id, None)
            if row.regulation is not None:
                said.setdefault(row.agency_id, row.regulation)
    return bound | {agency: code if code != own else None for agency, code in said.items()}


async def basis_after(
    connection: AsyncConnection, shelf: Shelf, authority_id: UUID, plan: Plan, compiled: Compiled
) -> Basis:
    """What is loaded, and what carrying the plan out would load beside it.

    Raises:
        NoLawInForce, MissingSlots, OverlappingRegulations, TrialRefused: a line's regulation cannot bind.
    """
    basis = await basis_of(connection, shelf, authority_id)
    own = await connection.scalar(OWN_LAW)
    wanted = {one.regulation: one.drafts for one in compiled.regimes if one.regulation != own}
    words = plan.decision.words
    more = {code: to_load(basis, code, drafts, words, compiled.on) for code, drafts in wanted.items()}
    return await basis_of(connection, shelf, authority_id, regimes=more) if more else basis


async def write_regimes(
    connection: AsyncConnection,
    tools: Tools,
    row: Any,
    compiled: Compiled,
    scene: Scene,
    document: str,
    out: Outcome,
) -> Mapping[UUID, Running]:
    """From the day on another regulation binds; what a plan that is taken back had brought falls.

    Answers, for each agency named, what becomes of running duties there and by whose word.
    """
    own = await connection.scalar(OWN_LAW)
    basis = await basis_of(connection, tools.shelf, row.authority_id)
    on, said, wanted = compiled.on, dict[UUID, Running](), dict[UUID, str]()
    load = Load(row.authority_id, document, scene.now, row.approver_id)
    for one in compiled.regimes:
        law = basis.on(on)
        if one.regulation != own:
            laws = to_load(basis, one.regulation, one.drafts, document, on)
            for start, rules in laws:
                await load_regime(connection, load, one.regulation, rules, start)
                facts = {"regulation": one.regulation, "valid_from": start.isoformat(), "document": document}
                out.happened("rules.regime_loaded", None, hash=rules.hash, drafts=list(rules.drafts), **facts)
            basis = await basis_of(connection, tools.shelf, row.authority_id)
            law = basis.on(on, one.regulation)
        assert law is not None, "what cannot bind on the day is refused before"
        wanted[one.agency_id] = one.regulation
        said[one.agency_id] = running(one.duties, law, tools.policy)
    for back in await connection.execute(_UNDONE, {"of": list(compiled.undone)}):
        # As it came, so it goes: what was reckoned again is reckoned back.
        said.setdefault(back.agency_id, Running(back.duties, back.duties_by, back.duties_citation))
        if back.regulation is not None:
            wanted.setdefault(back.agency_id, back.regulation)
    for agency in sorted(said):
        await connection.execute(_ENDS, {"agency": agency, "on": on})
    for agency, regulation in sorted(wanted.items()):
        values = {
            "id": scene.new_id(f"regime:{agency}"),
            "authority": row.authority_id,
            "agency": agency,
            "regulation": regulation,
            "on": on,
            "duties": said[agency].duties,
            "by": said[agency].by,
            "citation": said[agency].citation,
            "case": row.id,
            "document": document,
        }
        await connection.execute(_WRITE, values)
    return said


def switched(
    compiled: Compiled, before: Laws, after: Laws, said: Mapping[UUID, Running], policy: Policy
) -> tuple[Switch, ...]:
    """Every unit whose law is another after the opening than before it, a mere re-parenting included."""
    found: dict[tuple[str | None, Running], list[UUID]] = {}
    for unit in sorted({*before.by_unit, *after.by_unit}):
        law = after.of(unit)
        if law.hash == before.of(unit).hash:
            continue
        line = _line(compiled, unit)
        by = next((said[one] for one in line if one in said), None) or running(None, law, policy)
        regulation = law.authority if unit in after.by_unit else None
        found.setdefault((regulation, by), []).append(unit)
    return tuple(Switch(regulation, by, tuple(units)) for (regulation, by), units in found.items())


def _line(compiled: Compiled, unit: UUID) -> Iterable[UUID]:
    """The unit and what is above it once the day has begun, the nearest first."""
    return compiled.between.line(unit, compiled.on)
