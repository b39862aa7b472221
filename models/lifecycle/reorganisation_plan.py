"""A plan and a tree give what happens on the day, or the lines that are wrong. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from models.command_reorganisation import Plan
from models.lifecycle.reorganisation import Census, Compiled, Fault, Former, PlanError
from models.lifecycle.reorganisation_lines import Draft, read_lines
from models.lifecycle.tree import State, Tree, TreeError
from models.lifecycle.tree_changes import Change, Create, End, Operation, Resume, Succeed, apply, touched

Lines = list[tuple[int, Operation]]


def compile_plan(
    plan: Plan,
    tree: Tree,
    reorganisation_id: UUID,
    *,
    earliest: date | None = None,
    former: Mapping[UUID, Former] | None = None,
) -> Compiled:
    """What the plan makes of the tree on its day.

    ``earliest`` is the first day in no closed month; ``former`` are plans that were carried out, for lines
    that take one back.

    Raises:
        PlanError: with every line that is wrong by itself; else with the first the tree does not bear.
    """
    if earliest is not None and plan.effective_on < earliest:
        line = min(one.line for one in plan.operations)
        raise PlanError([Fault(line, "month-closed", day=earliest)])
    draft = Draft(tree, plan.effective_on, reorganisation_id, former or {})
    read_lines(plan, draft)
    if draft.faults:
        raise PlanError(draft.faults)
    opening, closing = _halves(draft.operations, tree, plan.effective_on)
    between = _applied(tree, opening, earliest)
    after = _applied(between, closing, earliest)
    about = _about(draft)
    return Compiled(
        on=plan.effective_on,
        opening=tuple(opening),
        closing=tuple(closing),
        placements=tuple(draft.placements),
        undone=draft.undone,
        lines=about,
        regimes=tuple(draft.regimes),
        created=draft.created,
        ended=draft.ended,
        heirs=_heirs(draft, after),
        touched=frozenset(about),
        places=frozenset(draft.places) - frozenset(draft.created),
        before=tree,
        between=between,
        after=after,
    )


def _about(draft: Draft) -> dict[UUID, int]:
    """Every unit the plan is about, whoever gives people away too, with the first line that is about it."""
    found = dict(draft.returning)
    named = [(line, unit) for line, one in draft.operations for unit in touched([one])]
    named += [(one.line, one.agency_id) for one in draft.regimes]
    named += [(one.line, unit) for one in draft.placements for unit in (one.unit, one.to)]
    for line, unit in named:
        found[unit] = min(line, found.get(unit, line))
    return found


def _applied(tree: Tree, lines: Lines, earliest: date | None) -> Tree:
    """The tree after some operations; what it does not bear is said of the line.

    Raises:
        PlanError: one fault.
    """
    try:
        return apply(tree, [operation for _, operation in lines], earliest=earliest)
    except TreeError as error:
        code = "unknown-unit" if error.code == "agency-unknown" else error.code
        named = tree.span(error.agency_id, error.day) if error.day is not None else None
        unit = named.state.code if named is not None else str(error.agency_id)
        raise PlanError([Fault(lines[error.line][0], code, unit, error.day)]) from None


def _halves(operations: Sequence[tuple[int, Operation]], tree: Tree, on: date) -> tuple[Lines, Lines]:
    """What comes before people are moved and what after: ends, and codes that ends set free."""
    ending = {one.agency_id for _, one in operations if isinstance(one, End)}
    freed = {state.code for unit in ending if (state := tree.state(unit, on)) is not None}
    taken = {state.code for state in tree.on(on).values()} | {
        one.state.code for _, one in operations if isinstance(one, Create)
    }
    opening: Lines = []
    closing: Lines = []
    for line, one in operations:
        if isinstance(one, End | Succeed):
            closing.append((line, one))
            continue
        wanted = _code_of(one, tree, on)
        if wanted is None or wanted not in freed:
            opening.append((line, one))
            continue
        first = _for_now(one, wanted, taken)
        if first is not None:
            opening.append((line, first))
        closing.append((line, Change(one.agency_id, on, {"code": wanted})))
    # Ends before what takes their codes, links last: each line is then judged by what it does itself.
    closing.sort(key=lambda pair: (not isinstance(pair[1], End), isinstance(pair[1], Succeed)))
    return opening, closing


def _code_of(one: Operation, tree: Tree, on: date) -> str | None:
    """The electronic identifier an operation asks for."""
    match one:
        case Create():
            return one.state.code
        case Change():
            return one.fields.get("code")
        case Resume():
            span = tree.span(one.agency_id, on)
            kept = span.state.code if span is not None else None
            code: str | None = one.fields.get("code", kept)
            return code
        case _:
            return None


def _for_now(one: Operation, wanted: str, taken: set[str]) -> Operation | None:
    """The operation with another code until the wanted one is free; none where the code was all of it."""
    number = next(n for n in range(1, len(taken) + 2) if f"{wanted}.T{n}" not in taken)
    code = f"{wanted}.T{number}"
    taken.add(code)
    match one:
        case Create():
            return replace(one, state=replace(one.state, code=code))
        case Resume():
            return replace(one, fields={**one.fields, "code": code})
        case Change():
            rest = {name: value for name, value in one.fields.items() if name != "code"}
            return replace(one, fields=rest) if rest else None
        case _:
            raise AssertionError("only what has a code asks for one")


def _heirs(draft: Draft, after: Tree) -> dict[UUID, UUID]:
    """Who takes over what is an ended unit's own: its successor, else whoever gets the rest of its people,
    else the next above it that stands."""
    rest = {one.unit: one.to for one in draft.placements if one.people is None}
    found: dict[UUID, UUID] = {}
    for unit in draft.ended:
        heir = draft.heirs.get(unit) or rest.get(unit)
        found[unit] = heir if heir is not None else _above(draft.standing, after, unit, draft.on)
    return found


def _above(standing: Mapping[UUID, State], after: Tree, unit: UUID, on: date) -> UUID:
    at = standing[unit].parent_id
    while at is not None and after.state(at, on) is None:
        at = standing[at].parent_id
    return at if at is not None else next(iter(after.on(on)))


def check_people(compiled: Compiled, census: Census) -> list[Fault]:
    """What is wrong with who goes where: nobody goes twice, from elsewhere, or stays in a unit that ends."""
    faults: list[Fault] = []
    lists = [one for one in compiled.placements if one.people is not None]
    gone: Counter[UUID] = Counter()
    seen: dict[UUID, int] = {}
    for one in sorted(lists, key=lambda p: p.line):
        for person in sorted(one.people or ()):
            known = census.where.get(person)
            if known is None:
                faults.append(Fault(one.line, "unknown-person", person))
            elif known[1] != one.unit:
                faults.append(Fault(one.line, "person-elsewhere", person))
            elif known[0] in seen:
                faults.append(Fault(one.line, "person-twice", person))
            else:
                seen[known[0]] = one.line
                gone[one.unit] += 1
    for of in compiled.undone:
        for (_, now), number in census.moved.get(of, {}).items():
            gone[now] += number
    return faults + _left(compiled, census, gone)


def _left(compiled: Compiled, census: Census, gone: Mapping[UUID, int]) -> list[Fault]:
    rest = {one.unit for one in compiled.placements if one.people is None}
    faults = []
    for unit, line in compiled.ended.items():
        left = census.counts.get(unit, 0) - gone.get(unit, 0)
        if unit not in rest and left > 0:
            state = compiled.before.state(unit, compiled.on)
            faults.append(
                Fault(line, "people-not-placed", state.code if state else str(unit), compiled.on, left)
            )
    return faults


def held_elsewhere(compiled: Compiled, held: Mapping[UUID, UUID]) -> list[Fault]:
    """Units that another plan not yet carried out touches, too (``held``: unit to plan)."""
    faults = []
    for unit in sorted(compiled.touched & set(held)):
        state = compiled.before.state(unit, compiled.on)
        code = state.code if state is not None else str(unit)
        faults.append(Fault(compiled.lines[unit], "unit-in-another-plan", code, compiled.on))
    return faults
