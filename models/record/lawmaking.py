"""Law loaded, a reported document adopted, a calendar year proclaimed: recorded acts, each with its preview.

An act is planned by a pure comparison with what is loaded, shown as a list of the duties it would move, and
carried out in one transaction with its event. The duties themselves move after it (`recompute`), told through
the outbox, so that an act that was recorded is never forgotten.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar, CalendarYear
from models.database import Scope, transaction
from models.errors import RefusedError
from models.identifiers import recompute_workflow
from models.lifecycle.outcome import Outcome
from models.lifecycle.rebasing import Basis, Judged
from models.lifecycle.scene import Scene
from models.record.authority_stream import record_on_authority
from models.record.basis import basis_of
from models.record.loads import Load, load_calendar, load_regime, load_rules
from models.record.recompute import survey
from models.record.sql import inserting
from models.record.tools import Tools
from models.regulations import (
    MissingSlots,
    NoLawInForce,
    OverlappingRegulations,
    Regulation,
    RuleSet,
    amended,
    in_story,
)

_AUTHORITY = text(
    "SELECT a.regulation, a.department_id, hoso_top() AS root FROM authorities a WHERE a.authority_id = :id"
)
_HOLD = text("SELECT 1 FROM authorities WHERE authority_id = :id FOR NO KEY UPDATE")
_AGENCIES = text("SELECT id, code, name FROM agencies WHERE id = ANY(:ids) ORDER BY code")
_APPROVER = text("SELECT 1 FROM accounts WHERE id = :id AND state <> 'cancelled'")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an act would load, and how its event tells it; the same inputs give the same plan."""

    kind: str
    laws: tuple[tuple[date, RuleSet], ...] = ()
    calendar: Calendar | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    regimes: Mapping[str, tuple[tuple[date, RuleSet], ...]] = field(default_factory=dict)
    """What it would load beside that for parts of the tree under other regulations, by whose they are."""


Planner = Callable[[str, Basis], Plan]
"""Makes the plan from the authority's regulation code and what is loaded; refuses what cannot be loaded."""


@dataclass(frozen=True, slots=True)
class Warrant:
    """On what an act stands: the document, who approved it, and whose account asked for it."""

    document: str
    approver_id: UUID | None = None
    actor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would move: every duty with its reasons, and how many in each agency (id, code, name, count)."""

    plan: Plan
    moves: tuple[Judged, ...]
    agencies: tuple[tuple[UUID, str, str, int], ...]
    kept: int
    """Duties on whose purpose the newer law says nothing: they stay under their own."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was recorded: an id for each load, in the order of their days."""

    plan: Plan
    ids: tuple[UUID, ...]


def loading(regulation: Regulation) -> Planner:
    """Load a document, or a newer version of one that is loaded."""
    if regulation.status == "known_from_reports":
        raise RefusedError.of(
            "law-not-loadable",
            f"{regulation.id} chỉ biết qua nguồn khác; cơ quan phải tiếp nhận bằng một văn bản (law adopt).",
            f"{regulation.id} is known from reports: an authority adopts it by an act (law adopt).",
        )
    if regulation.status != "in_force":
        raise RefusedError.of(
            "law-not-loadable",
            f"{regulation.id} không có hiệu lực ({regulation.status}); chỉ có thể mô phỏng.",
            f"{regulation.id} is not in force ({regulation.status}); it can be simulated only.",
        )

    def plan(code: str, basis: Basis) -> Plan:
        if regulation.authority not in (None, code):
            raise RefusedError.of(
                "law-not-loadable",
                f"{regulation.id} là quy định của {regulation.authority}, không phải của {code}.",
                f"{regulation.id} is law of {regulation.authority}, not of {code}.",
            )
        story = in_story(code, basis.laws).with_document(regulation)
        assert regulation.valid_from is not None, "the loader refuses law in force without a date"
        since = max(regulation.valid_from, basis.laws[0][0])
        laws = _planned(lambda: amended(story, basis.laws, since))
        return Plan("rules.loaded", laws, facts={"regulation": regulation.id})

    return plan


def adopting(regulation: str, starts: date) -> Planner:
    """Adopt a document known from reports, from a day on."""

    def plan(code: str, basis: Basis) -> Plan:
        story = in_story(code, basis.laws)
        found = next((one for one in story.regulations if one.id == regulation), None)
        if found is None or found.status != "known_from_reports":
            raise RefusedError.of(
                "law-not-loadable",
                f"{regulation}: không phải văn bản biết qua nguồn khác, không cần tiếp nhận.",
                f"{regulation} is no document known from reports: there is nothing to adopt.",
            )
        since = max(starts, found.valid_from or starts, basis.laws[0][0])
        laws = _planned(lambda: amended(story.adopting(regulation, starts), basis.laws, since))
        return Plan("rules.adopted", laws, facts={"regulation": regulation, "from": starts.isoformat()})

    return plan


def proclaiming(year: CalendarYear) -> Planner:
    """Proclaim a year's days, in place of what the calendar says of that year now."""

    def plan(_code: str, basis: Basis) -> Plan:
        others = [one for one in basis.calendar.years if one.year != year.year]
        years = sorted([*others, year], key=lambda one: one.year)
        calendar = Calendar(years=tuple(years))
        if calendar.hash == basis.calendar.hash:
            raise _known()
        return Plan("calendar.proclaimed", calendar=calendar, facts={"year": year.year})

    return plan


def planned(planner: Planner, code: str, basis: Basis) -> Plan:
    """The plan for the authority's own law and for each other regulation that binds a part of its tree.

    Raises:
        RefusedError: where it changes none of them, as for the authority itself.
    """
    refusal: RefusedError | None = None
    try:
        plan = planner(code, basis)
    except RefusedError as refused:
        if refused.refusal.code not in ("law-known", "law-not-loadable") or not basis.regimes:
            raise
        plan, refusal = Plan("rules.loaded"), refused
    regimes = {}
    if plan.calendar is None:
        for name, laws in sorted(basis.regimes.items()):
            try:
                part = planner(name, replace(basis, laws=laws, regimes={}))
            except RefusedError as refused:
                if refused.refusal.code not in ("law-known", "law-not-loadable"):
                    raise
                continue
            plan = plan if plan.laws else replace(part, laws=())
            regimes[name] = part.laws
    if refusal is not None and not regimes:
        raise refusal
    return replace(plan, regimes=regimes)


def _planned(make: Callable[[], list[tuple[date, RuleSet]]]) -> tuple[tuple[date, RuleSet], ...]:
    try:
        laws = make()
    except (NoLawInForce, MissingSlots, OverlappingRegulations) as error:
        vi, _, en = str(error).partition(" / ")
        raise RefusedError.of("law-unfit", vi, en or vi) from error
    if not laws:
        raise _known()
    return tuple(laws)


def _known() -> RefusedError:
    return RefusedError.of(
        "law-known",
        "Nội dung này đang được áp dụng, không có gì thay đổi.",
        "This content is what is applied already: nothing changes.",
    )


async def preview(tools: Tools, authority_id: UUID, planner: Planner) -> Preview:
    """What an act would move; nothing is written.

    Raises:
        RefusedError: ``law-unfit``, ``law-known``, ``law-not-loadable``.
    """
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        code = (await connection.execute(_AUTHORITY, {"id": authority_id})).one().regulation
        plan = planned(planner, code, await basis_of(connection, tools.shelf, authority_id))
        then = await basis_of(
            connection,
            tools.shelf,
            authority_id,
            laws=plan.laws,
            calendar=plan.calendar,
            regimes=plan.regimes,
        )
        found = [one async for one in survey(connection, then)]
        moves = tuple(one for one in found if one.moved)
        counts = Counter(one.before.duty.agency_id for one in moves)
        agencies = (await connection.execute(_AGENCIES, {"ids": list(counts)})).all()
    named = tuple((a.id, a.code, a.name, counts[a.id]) for a in agencies)
    return Preview(plan, moves, named, sum(one.kept for one in found))


async def carry_out(
    tools: Tools, authority_id: UUID, planner: Planner, warrant: Warrant, now: datetime
) -> Loaded:
    """Record an act: its loads, its event, and the word that duties are to be reckoned again.

    Raises:
        RefusedError: ``law-unfit``, ``law-known``, ``law-not-loadable``, ``not-found`` (no such approver).
    """
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        return await carried_out(connection, tools, authority_id, planner, warrant, now)


async def carried_out(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    planner: Planner,
    warrant: Warrant,
    now: datetime,
) -> Loaded:
    """The same in a transaction that is open already; a refusal has written nothing."""
    await connection.execute(_HOLD, {"id": authority_id})  # two acts take turns; each sees the other's
    found = (await connection.execute(_AUTHORITY, {"id": authority_id})).one()
    await _check_approver(connection, warrant)
    basis = await basis_of(connection, tools.shelf, authority_id)
    plan = planned(planner, found.regulation, basis)
    load = Load(authority_id, warrant.document, now, warrant.approver_id)
    ids = [await load_rules(connection, load, rules, start) for start, rules in plan.laws]
    for name, laws in plan.regimes.items():
        ids += [await load_regime(connection, load, name, rules, start) for start, rules in laws]
    if plan.calendar is not None:
        ids.append(await load_calendar(connection, load, plan.calendar))
    scene = _scene(tools, basis, authority_id, found, warrant, now, ids)
    await record_on_authority(connection, scene, authority_id, found.root, _told(plan, warrant))
    line = {"authority_id": authority_id, "workflow_id": recompute_workflow(authority_id)}
    statement, values = inserting("outbox", {**line, "payload": {}, "created_at": now})
    await connection.execute(statement, values)
    return Loaded(plan, tuple(ids))


async def _check_approver(connection: AsyncConnection, warrant: Warrant) -> None:
    if warrant.approver_id is None:
        return
    if await connection.scalar(_APPROVER, {"id": warrant.approver_id}) is None:
        raise RefusedError.of("not-found", "Không có người phê duyệt này.", "There is no such approver.")


def _told(plan: Plan, warrant: Warrant) -> Outcome:
    """One event for each load, with the document and whoever approved it."""
    out = Outcome()
    by = {"document": warrant.document, **plan.facts}
    if warrant.approver_id is not None:
        by["approver"] = str(warrant.approver_id)
    for start, rules in plan.laws:
        out.happened(plan.kind, None, hash=rules.hash, valid_from=start.isoformat(), **by)
    for name, laws in plan.regimes.items():
        for start, rules in laws:
            told = {"hash": rules.hash, "valid_from": start.isoformat(), "regulation": name}
            out.happened(plan.kind, None, **{**by, **told})
    if plan.calendar is not None:
        out.happened(plan.kind, None, hash=plan.calendar.hash, **by)
    return out


def _scene(
    tools: Tools,
    basis: Basis,
    authority_id: UUID,
    found: Any,
    warrant: Warrant,
    now: datetime,
    ids: list[UUID],
) -> Scene:
    return Scene(
        now=now,
        law=basis.laws[-1][1],
        calendar=basis.calendar,
        policy=tools.policy,
        act_id=uuid5(authority_id, str(ids[0])),
        actor_id=warrant.actor_id,
        actor_role="administrator" if warrant.actor_id else "system",
        actor_profile_id=None,
        department_id=found.department_id,
        managing_agency_id=found.root,
    )
