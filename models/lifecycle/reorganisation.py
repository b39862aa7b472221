"""A reorganisation as decisions see it: what a plan makes of the tree, where people go, what is wrong. Pure.

The day has two halves around the moving of people, so that nobody is ever in a unit that does not stand: what
begins or changes comes first (``opening``), what ends comes last (``closing``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from models.lifecycle.tree import Link, State, Tree
from models.lifecycle.tree_changes import Operation

DRAFTED, APPROVED, EXECUTING, DONE, WITHDRAWN = "drafted", "approved", "executing", "done", "withdrawn"
STATE_VI: Mapping[str, str] = {
    DRAFTED: "dự thảo",
    APPROVED: "đã phê duyệt, chờ ngày hiệu lực",
    EXECUTING: "đang thực hiện",
    DONE: "đã thực hiện",
    WITHDRAWN: "đã rút",
}
STANDING = (APPROVED, EXECUTING)
"""States in which a plan holds its units: no other plan may touch them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a plan, and in which line of it."""

    line: int
    code: str
    unit: str | None = None
    """The unit it is about, as the plan or the tree names it."""
    day: date | None = None
    count: int | None = None


class PlanError(ValueError):
    """A plan that cannot be; ``faults`` name the lines, the first first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda one: (one.line, one.code)))
        super().__init__("; ".join(f"line {one.line}: {one.code}" for one in self.faults))


@dataclass(frozen=True, slots=True)
class Placement:
    """People of a unit who go to another: named ones, or all the rest."""

    line: int
    unit: UUID
    to: UUID
    people: frozenset[str] | None = None
    """As the plan names them; none: all whom no other line takes."""


@dataclass(frozen=True, slots=True)
class Regime:
    """Another managing authority's regulation binds an agency and all below it from the day on."""

    line: int
    agency_id: UUID
    regulation: str
    duties: str | None
    """``keep`` or ``rebase``: what the plan wants of running duties; none leaves it to the rule."""
    drafts: tuple[str, ...] = ()
    """Drafts it is to run on, where nothing of that authority is in force."""


@dataclass(frozen=True, slots=True)
class Running:
    """What becomes of running duties, ``keep`` or ``rebase``; who says so: ``plan``, ``rule``, ``policy``."""

    duties: str
    by: str
    citation: str | None = None

    @property
    def told(self) -> dict[str, Any]:
        """As an event tells it."""
        return {"duties": self.duties, "by": self.by, "citation": self.citation}


@dataclass(frozen=True, slots=True)
class Switch:
    """Units whose law is another from the day on; no ``regulation`` is the authority's own."""

    regulation: str | None
    running: Running
    units: tuple[UUID, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        units = [str(one) for one in self.units]
        return {"regulation": self.regulation, "units": units, "running": self.running.told}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Switch":
        """From what was kept."""
        units = tuple(UUID(one) for one in kept["units"])
        return cls(kept["regulation"], Running(**kept["running"]), units)


@dataclass(frozen=True, slots=True)
class Census:
    """Who is where: people of each agency by number, those named by name, those a former plan moved."""

    counts: Mapping[UUID, int] = field(default_factory=dict)
    where: Mapping[str, tuple[UUID, UUID]] = field(default_factory=dict)
    """Profile and agency of each person as named; whom nobody knows is missing."""
    moved: Mapping[UUID, Mapping[tuple[UUID, UUID], int]] = field(default_factory=dict)
    """By former plan: how many went from one agency to another and are still there."""


@dataclass(frozen=True, slots=True)
class Former:
    """How the touched agencies would have stood on the day without the plan; what makes them so again."""

    on: date
    states: Mapping[UUID, State | None]
    left: Mapping[UUID, State | None] | None = None
    """How the plan left them. None: not kept (plans of before); the tree of its day says it."""
    links: tuple[Link, ...] = ()
    places: frozenset[UUID | None] = frozenset()
    """Where the plan was decided, none for the top: whoever takes it back must have the right there, too."""

    def left_of(self, unit: UUID, tree: Tree) -> State | None:
        """How the plan left a unit."""
        return tree.state(unit, self.on) if self.left is None else self.left.get(unit)

    @property
    def given_back(self) -> dict[UUID, dict[str, Any]]:
        """What taking the plan back makes of each unit it changed, as states are kept; empty: it ends."""
        found = {}
        for unit, was in sorted(self.states.items()):
            left = plain_state(self.left.get(unit)) if self.left is not None else None
            state = plain_state(was)
            if state != left:
                kept = left or {}
                found[unit] = {
                    name: value for name, value in (state or {}).items() if kept.get(name, ...) != value
                }
        return found

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        left = self.left or {}
        return {
            "units": {str(unit): plain_state(state) for unit, state in sorted(self.states.items())},
            "left": {str(unit): plain_state(state) for unit, state in sorted(left.items())},
            "links": [[str(one.predecessor_id), str(one.successor_id), one.kind] for one in self.links],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], on: date, places: Iterable[UUID | None] = ()) -> "Former":
        """From what was kept."""
        left = kept.get("left")
        return cls(
            on,
            _states(kept["units"]),
            _states(left) if left is not None else None,
            tuple(Link(UUID(a), UUID(b), on, kind) for a, b, kind in kept["links"]),
            frozenset(places),
        )


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan as operations on the tree, in the two halves of its day."""

    on: date
    opening: tuple[tuple[int, Operation], ...]
    closing: tuple[tuple[int, Operation], ...]
    placements: tuple[Placement, ...]
    undone: Mapping[UUID, int]
    """Former plans that are taken back, with the line: their people go back whence they came."""
    lines: Mapping[UUID, int]
    """Every unit the plan is about, with the first line that is about it."""
    regimes: tuple[Regime, ...]
    created: Mapping[UUID, int]
    """New agencies, with the line that makes each."""
    ended: Mapping[UUID, int]
    """Agencies that end, with the line that ends each."""
    heirs: Mapping[UUID, UUID]
    """Who takes over what belongs to an ended agency itself."""
    touched: frozenset[UUID]
    places: frozenset[UUID | None]
    """Under whom units are changed, and what takes over: whoever manages those may plan; none is the top."""
    before: Tree
    between: Tree
    """The tree while people are moved."""
    after: Tree

    @property
    def former(self) -> Former:
        """What an inverse plan goes by."""
        return Former(
            self.on,
            {unit: self.before.state(unit, self.on) for unit in self.touched},
            {unit: self.after.state(unit, self.on) for unit in self.touched},
            tuple(one for one in self.after.links if one not in self.before.links),
        )

    @property
    def codes_closed(self) -> tuple[str, ...]:
        """Electronic identifiers that nobody has any more from the day on."""
        taken = {state.code for state in self.after.on(self.on).values()}
        states = (self.before.state(one, self.on) for one in sorted(self.touched))
        return tuple(sorted({one.code for one in states if one is not None} - taken))


@dataclass(frozen=True, slots=True)
class Reorganised:
    """A reorganisation on its day, for whoever sees to what is left."""

    id: UUID
    authority_id: UUID
    agency_id: UUID
    effective_on: date
    document: str
    created: tuple[UUID, ...]
    ended: tuple[UUID, ...]
    heirs: Mapping[UUID, UUID]
    codes_closed: tuple[str, ...]
    regimes: tuple[Regime, ...]
    switches: tuple[Switch, ...] = ()
    undone: tuple[UUID, ...] = ()
    """Former plans that it takes back."""


@dataclass(frozen=True, slots=True)
class Case:
    """One reorganisation as acts see it."""

    id: UUID
    agency_id: UUID
    state: str
    version: int
    effective_on: date
    plan_hash: str
    authors: frozenset[UUID]
    next_wake_at: datetime | None = None


def unit_id(reorganisation_id: UUID, code: str) -> UUID:
    """The id of a unit that a plan begins: the same however often the plan is read."""
    return uuid5(reorganisation_id, f"unit:{code}")


def plain_state(state: State | None) -> dict[str, Any] | None:
    """A state as it is kept."""
    if state is None:
        return None
    return {
        "code": state.code,
        "name": state.name,
        "kind": state.kind,
        "parent_id": str(state.parent_id) if state.parent_id is not None else None,
        "has_account": state.has_account,
        "standing": state.standing,
        "legacy_code": state.legacy_code,
    }


def _states(kept: Mapping[str, Any]) -> dict[UUID, State | None]:
    return {UUID(unit): state_of(state) for unit, state in kept.items()}


def state_of(kept: Mapping[str, Any] | None) -> State | None:
    """A state from what was kept."""
    if kept is None:
        return None
    parent = kept["parent_id"]
    return State(**{**kept, "parent_id": UUID(parent) if parent is not None else None})
