"""What a simulation is told and what it answers: recorded facts in, duties as they would stand out. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from models.calendar import Calendar
from models.lifecycle.life import AgencyMonth
from models.lifecycle.outcome import DutyOpened
from models.lifecycle.scene import Scene
from models.regulations import Policy, RuleSet

SPACE = UUID("6f0a5d52-93a3-4b0c-8f4e-5a0c2f4f5d11")


@dataclass(frozen=True, slots=True)
class Happened:
    """One act as recorded: its instant, and its events with their facts in order."""

    at: datetime
    by_command: bool
    events: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What the law may ask about an agency, and the agency above it."""

    agency_id: UUID
    above: UUID
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """A profile's recorded life."""

    profile_id: UUID
    category: str
    agency_id: UUID
    """The agency of its first event."""
    acts: tuple[Happened, ...]
    moves: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By case id: kind, from_agency, to_agency, mode, effective_on, covered, and its facts."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A month's list as it was frozen, with the day on which each part of it was done."""

    month: AgencyMonth
    listed: int
    opened_at: datetime
    closes_at: datetime
    done: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """A period's data review: as it was opened, or as a law would have opened it."""

    period: str
    opened_at: datetime | None
    """When the campaign was really opened; nothing where none was."""
    opens_on: date | None
    """The day it was to open by the law of the time."""
    reports: tuple["Reported", ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """One agency's report of a review, or the whole authority's, with the day on which it ended."""

    report_id: UUID
    review_id: UUID
    agency_id: UUID
    whole: bool
    sent_on: date | None = None
    ended_on: date | None = None
    """The day on which a report that never came was recorded as missing."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything beside one subject: the law of each instant, the calendar, the tree."""

    law_at: Callable[[datetime], RuleSet]
    calendar: Calendar
    policy: Policy
    department_id: UUID | None
    places: Mapping[UUID, Place]
    ict_department_id: UUID | None = None


@dataclass(slots=True)
class Would:
    """A duty as it would stand: ``done_on`` is when the facts meet it; ``void`` where it fell away."""

    profile_id: UUID | None
    case_id: UUID | None
    agency_month_id: UUID | None
    slot: str
    rule_id: str
    citation: str
    party: str
    agency_id: UUID
    event_on: date
    due_on: date | None
    opened_on: date
    returned: bool = False
    step: int | None = None
    done_on: date | None = None
    void_on: date | None = None
    assumed: bool = False
    report_id: UUID | None = None

    @property
    def stands(self) -> bool:
        """Whether nothing has ended it yet."""
        return self.done_on is None and self.void_on is None

    def late(self, on: date) -> bool:
        """Whether it was met after its due date, or stands unmet on a day after it."""
        if self.due_on is None or self.void_on is not None:
            return False
        return (self.done_on or on) > self.due_on


def scene_of(world: World, at: datetime, agency_id: UUID, label: str, **facts: str) -> Scene:
    """What a decision of that instant was told, under the law being tried."""
    place = world.places[agency_id]
    return Scene(
        now=at,
        law=world.law_at(at),
        calendar=world.calendar,
        policy=world.policy,
        act_id=uuid5(SPACE, label),
        actor_id=None,
        actor_role="system",
        actor_profile_id=None,
        department_id=world.department_id,
        managing_agency_id=place.above,
        facts={**place.facts, **facts},
        ict_department_id=world.ict_department_id,
    )


def would(one: DutyOpened, on: date) -> Would:
    """A duty a decision opened."""
    duty = one.duty
    return Would(
        profile_id=duty.profile_id,
        case_id=duty.case_id,
        agency_month_id=duty.agency_month_id,
        slot=duty.slot,
        rule_id=duty.rule_id,
        citation=duty.citation,
        party=duty.party,
        agency_id=duty.agency_id,
        event_on=duty.event_on,
        due_on=duty.due_on,
        opened_on=on,
        returned=duty.returned,
        step=one.facts.get("step"),
        report_id=duty.report_id,
    )
