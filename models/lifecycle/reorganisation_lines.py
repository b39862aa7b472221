"""The lines of a plan made into operations on the tree, each with the line it comes from. Pure.

Units that end are looked up among those that stand; where something goes, a unit that the plan begins comes
before one of the same code that ends: a new unit may take over the code of a former one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from models.command_reorganisation import (
    Consolidate,
    Dissolve,
    Divide,
    Merge,
    MoveAuthority,
    NewUnit,
    Place,
    Plan,
    Recode,
    Rename,
    Reparent,
    Restore,
    Separate,
)
from models.lifecycle.reorganisation import Fault, Former, Placement, Regime, unit_id
from models.lifecycle.tree import State, Tree
from models.lifecycle.tree_changes import FIELDS, Change, Create, End, Operation, Resume, Succeed

RESTORED = "restored"


@dataclass
class Draft:
    """What has been read of a plan so far."""

    tree: Tree
    on: date
    reorganisation_id: UUID
    former: Mapping[UUID, Former]
    standing: dict[UUID, State] = field(init=False)
    codes: dict[str, UUID] = field(init=False)
    new: dict[str, UUID] = field(default_factory=dict)
    operations: list[tuple[int, Operation]] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    regimes: list[Regime] = field(default_factory=list)
    created: dict[UUID, int] = field(default_factory=dict)
    ended: dict[UUID, int] = field(default_factory=dict)
    heirs: dict[UUID, UUID] = field(default_factory=dict)
    places: set[UUID | None] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    said: dict[tuple[UUID, str], int] = field(default_factory=dict)
    """What was said of a unit, and in which line: nothing is said twice."""
    inherits: dict[UUID, UUID] = field(default_factory=dict)
    """Ended units whose people and units go to another where no line says otherwise."""
    undone: dict[UUID, int] = field(default_factory=dict)
    """Former plans that are taken back, people and all."""
    returning: dict[UUID, int] = field(default_factory=dict)
    """Units of those plans: their people come and go, also where they themselves do not change."""

    def __post_init__(self) -> None:
        self.standing = self.tree.on(self.on)
        self.codes = {state.code: agency for agency, state in self.standing.items()}

    def unit(self, name: str, line: int) -> UUID | None:
        """A unit that stands on the day; a fault where there is none."""
        found = self.codes.get(name) or _id(name)
        if found is None or found not in self.standing:
            self.faults.append(Fault(line, "unknown-unit", name))
            return None
        return found

    def target(self, name: str, line: int) -> UUID | None:
        """Where something goes: a unit of the plan, or one that stands."""
        own = self.new.get(name)
        return own if own is not None else self.unit(name, line)

    def say(self, unit: UUID, what: str, line: int) -> bool:
        """Note what a line says of a unit; a fault where a line before said so already."""
        if (unit, what) in self.said:
            state = self.standing.get(unit)
            self.faults.append(Fault(line, "unit-twice", state.code if state else str(unit)))
            return False
        self.said[unit, what] = line
        return True

    def end(self, unit: UUID, line: int) -> bool:
        """A unit ends with the plan."""
        if not self.say(unit, "fate", line):
            return False
        self.ended[unit] = line
        self.places.add(self.standing[unit].parent_id)
        self.operations.append((line, End(unit, self.on)))
        return True

    def begin(self, new: NewUnit, line: int, parent: UUID | None) -> UUID | None:
        """A unit begins with the plan."""
        above = parent if new.under is None else self.target(new.under, line)
        if new.under is not None and above is None:
            return None
        unit = self.new[new.code]
        self.created[unit] = line
        self.places.add(above)
        state = State(
            new.code, new.name, new.kind, above, new.has_account, new.standing, new.legacy_code, ended=False
        )
        self.operations.append((line, Create(unit, self.on, state)))
        return unit

    def succeed(self, unit: UUID, successor: UUID, kind: str, line: int) -> None:
        """One unit comes from another."""
        self.operations.append((line, Succeed(unit, self.on, successor, kind)))

    def change(self, unit: UUID, field_: str, value: Any, line: int) -> None:
        """A unit is otherwise from the day on."""
        if self.say(unit, field_, line):
            self.places.add(self.standing[unit].parent_id)
            self.operations.append((line, Change(unit, self.on, {field_: value})))


def read_lines(plan: Plan, draft: Draft) -> None:
    """Read every line into the draft; what is wrong is noted, not raised."""
    for one in plan.operations:
        for new in _new_units(one):
            if new.code in draft.new:
                draft.faults.append(Fault(one.line, "code-taken", new.code))
            else:
                draft.new[new.code] = unit_id(draft.reorganisation_id, new.code)
    for one in plan.operations:
        _READ[type(one)](one, draft)
    _inherit(draft)
    _not_both(draft)


def _new_units(one: Any) -> tuple[NewUnit, ...]:
    if isinstance(one, Divide):
        return one.into
    return (one.into,) if isinstance(one, Consolidate | Separate) else ()


def _merge(one: Merge, draft: Draft) -> None:
    into = draft.target(one.into, one.line)
    for name in one.units:
        unit = draft.unit(name, one.line)
        if unit is None or into is None:
            continue
        if unit == into:
            draft.faults.append(Fault(one.line, "into-itself", name))
        elif draft.end(unit, one.line):
            # Whoever takes over is asked, too: itself, so that an agency may take in what is its own.
            draft.places.add(into)
            _goes_to(draft, unit, into, "merged", one.line)


def _goes_to(draft: Draft, unit: UUID, into: UUID, kind: str, line: int) -> None:
    """All that is in a unit goes to one other, where no line says otherwise."""
    draft.succeed(unit, into, kind, line)
    draft.heirs[unit] = draft.inherits[unit] = into


def _consolidate(one: Consolidate, draft: Draft) -> None:
    units = [draft.unit(name, one.line) for name in one.units]
    known = [unit for unit in units if unit is not None]
    if not known:
        return
    new = draft.begin(one.into, one.line, draft.standing[known[0]].parent_id)
    for unit in known:
        if new is not None and draft.end(unit, one.line):
            _goes_to(draft, unit, new, "consolidated", one.line)


def _divide(one: Divide, draft: Draft) -> None:
    unit = draft.unit(one.unit, one.line)
    if unit is None or not draft.end(unit, one.line):
        return
    for new in one.into:
        part = draft.begin(new, one.line, draft.standing[unit].parent_id)
        if part is not None:
            draft.succeed(unit, part, "divided", one.line)
            draft.heirs.setdefault(unit, part)


def _separate(one: Separate, draft: Draft) -> None:
    unit = draft.unit(one.unit, one.line)
    if unit is None or not draft.say(unit, "separate:" + one.into.code, one.line):
        return
    new = draft.begin(one.into, one.line, draft.standing[unit].parent_id)
    draft.places.add(draft.standing[unit].parent_id)
    if new is not None:
        draft.succeed(unit, new, "separated", one.line)


def _dissolve(one: Dissolve, draft: Draft) -> None:
    unit = draft.unit(one.unit, one.line)
    if unit is not None:
        draft.end(unit, one.line)


def _reparent(one: Reparent, draft: Draft) -> None:
    unit, under = draft.unit(one.unit, one.line), draft.target(one.under, one.line)
    if unit is not None and under is not None:
        draft.change(unit, "parent_id", under, one.line)
        draft.places.add(under)


def _rename(one: Rename, draft: Draft) -> None:
    if (unit := draft.unit(one.unit, one.line)) is not None:
        draft.change(unit, "name", one.name, one.line)


def _recode(one: Recode, draft: Draft) -> None:
    if (unit := draft.unit(one.unit, one.line)) is not None:
        draft.change(unit, "code", one.code, one.line)


def _move_authority(one: MoveAuthority, draft: Draft) -> None:
    unit = draft.unit(one.unit, one.line)
    under = draft.target(one.under, one.line) if one.under is not None else None
    if unit is None or (one.under is not None and under is None) or not draft.say(unit, "regime", one.line):
        return
    draft.places.add(None)  # whose law binds is no agency's own to say
    draft.regimes.append(Regime(one.line, unit, one.regulation, one.duties, one.drafts))
    if under is not None:
        draft.change(unit, "parent_id", under, one.line)


def _place(one: Place, draft: Draft) -> None:
    unit, to = draft.unit(one.unit, one.line), draft.target(one.to, one.line)
    if unit is None or to is None:
        return
    if unit == to:
        draft.faults.append(Fault(one.line, "into-itself", one.unit))
        return
    draft.places |= {draft.standing[unit].parent_id, to}
    if one.people is None and not draft.say(unit, "rest", one.line):
        return
    people = frozenset(one.people) if one.people is not None else None
    if one.people is not None and len(people or ()) < len(one.people):
        draft.faults.append(Fault(one.line, "person-twice", one.unit))
    draft.placements.append(Placement(one.line, unit, to, people))


def _restore(one: Restore, draft: Draft) -> None:
    former = draft.former.get(one.of)
    if former is None:
        draft.faults.append(Fault(one.line, "unknown-plan", str(one.of)))
        return
    if draft.on < former.on:
        draft.faults.append(Fault(one.line, "before-the-plan", str(one.of), former.on))
        return
    draft.places |= former.places
    for unit in sorted(former.states):
        draft.returning.setdefault(unit, one.line)
        _as_before(unit, former, one.line, draft)
    for link in former.links:
        draft.succeed(link.successor_id, link.predecessor_id, RESTORED, one.line)
        if link.successor_id in draft.ended:
            draft.heirs.setdefault(link.successor_id, link.predecessor_id)
    draft.undone[one.of] = one.line


def _as_before(unit: UUID, former: Former, line: int, draft: Draft) -> None:
    """What the plan made of a unit is undone; what was decided about it since is not, and is never lost."""
    was, left = former.states[unit], former.left_of(unit, draft.tree)
    is_, span = draft.tree.state(unit, draft.on), draft.tree.span(unit, draft.on)
    if was == is_ and (left is None or is_ is not None):
        return
    back = _given_back(was, left, is_)
    if back is None:
        draft.faults.append(Fault(line, "changed-since", _named(unit, is_ or left or was), former.on))
        return
    if (was is not None and is_ is not None and not back) or not draft.say(unit, "fate", line):
        return
    stood = is_ or was
    draft.places.add(stood.parent_id if stood is not None else None)
    if was is None:
        draft.ended[unit] = line
        draft.operations.append((line, End(unit, draft.on)))
    elif is_ is None:
        assert span is not None, "what stood before has a span"
        draft.operations.append((line, Resume(unit, draft.on, _differing(span.state, was))))
        draft.new.setdefault(was.code, unit)
    else:
        draft.operations.append((line, Change(unit, draft.on, back)))


def _given_back(was: State | None, left: State | None, is_: State | None) -> dict[str, Any] | None:
    """The fields that are to be again what they were; none where something else was decided since.

    A unit the plan began may have been renamed meanwhile: it ends all the same. One that the plan left
    standing and that has ended since is somebody's later decision, and so is where its people went.
    """
    if (left is None) != (is_ is None):
        return None
    if was is None or left is None or is_ is None:
        return {}
    wanted = {name: value for name, value in _differing(left, was).items() if getattr(is_, name) != value}
    if any(getattr(is_, name) != getattr(left, name) for name in wanted):
        return None
    return wanted


def _named(unit: UUID, state: State | None) -> str:
    return state.code if state is not None else str(unit)


def _differing(is_: State, was: State) -> dict[str, Any]:
    return {name: getattr(was, name) for name in FIELDS if getattr(is_, name) != getattr(was, name)}


def _inherit(draft: Draft) -> None:
    """Units and people of an ended unit go with it where no line says where they go."""
    for unit, into in draft.inherits.items():
        if (unit, "rest") not in draft.said:
            draft.placements.append(Placement(draft.ended[unit], unit, into))
        for child in sorted(draft.tree.children(unit, draft.on)):
            if child not in draft.ended and (child, "parent_id") not in draft.said and child != into:
                draft.operations.append((draft.ended[unit], Change(child, draft.on, {"parent_id": into})))
                draft.said[child, "parent_id"] = draft.ended[unit]
    for into in set(draft.inherits.values()) & set(draft.standing):
        _lift(draft, into)


def _lift(draft: Draft, into: UUID) -> None:
    """Whoever takes its own superior over comes to stand where that one stood."""
    above = draft.standing[into].parent_id
    if above not in draft.ended or (into, "parent_id") in draft.said:
        return
    line = draft.ended[above]
    while above in draft.ended:
        above = draft.standing[above].parent_id
    draft.said[into, "parent_id"] = line
    draft.operations.append((line, Change(into, draft.on, {"parent_id": above})))


def _not_both(draft: Draft) -> None:
    """What ends is not changed as well, and takes nothing over."""
    for (unit, what), line in draft.said.items():
        if what not in ("fate", "rest") and unit in draft.ended and not what.startswith("separate:"):
            draft.faults.append(Fault(max(line, draft.ended[unit]), "unit-twice", _code(draft, unit)))
    for one in draft.placements:
        if one.to in draft.ended:
            draft.faults.append(Fault(one.line, "target-ends", _code(draft, one.to)))


def _code(draft: Draft, unit: UUID) -> str:
    state = draft.standing.get(unit)
    return state.code if state is not None else str(unit)


def _id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


_READ: Mapping[type, Callable[[Any, Draft], None]] = {
    Merge: _merge,
    Consolidate: _consolidate,
    Divide: _divide,
    Separate: _separate,
    Dissolve: _dissolve,
    Reparent: _reparent,
    Rename: _rename,
    Recode: _recode,
    MoveAuthority: _move_authority,
    Place: _place,
    Restore: _restore,
}
