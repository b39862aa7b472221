"""What a decision wants written: one value that the record writes in one transaction."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from models.lifecycle.life import Duty, Life
from models.regulations import Obligation


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with the rule it happened under. ``facts`` hold ids, dates and counts only."""

    kind: str
    rule_id: str | None = None
    citation: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DutyOpened:
    """A duty to write, with the reckoning that gave its date."""

    duty: Duty
    nominal_due_on: date | None
    facts: dict[str, Any]
    law: str | None = None
    """Hash of the law it was opened under; none: that of the act."""


@dataclass(frozen=True, slots=True)
class DutyRebased:
    """An open duty reckoned again under other law or another calendar, with their hashes."""

    duty: Duty
    nominal_due_on: date | None
    facts: dict[str, Any]
    rule_set_hash: str
    calendar_hash: str


@dataclass(frozen=True, slots=True)
class DutyClosed:
    """A duty met or made void on a day; ``late_days`` are working days after it was due."""

    duty_id: UUID
    state: str
    on: date
    late_days: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A line for an inbox: to an account, or to whoever holds a role in an agency when it is shown."""

    kind: str
    agency_id: UUID
    role: str | None = None
    account_id: UUID | None = None
    duty_id: UUID | None = None
    citation: str | None = None
    due_on: date | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Insert:
    """A row to add to a table."""

    table: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """Rows to change: ``table`` where all of ``key`` hold."""

    table: str
    key: dict[str, Any]
    values: dict[str, Any]


@dataclass(slots=True)
class Outcome:
    """The decision, built up step by step and written as a whole or not at all."""

    subject: dict[str, Any] = field(default_factory=dict)
    """Changed columns of the subject's own row."""
    events: list[Event] = field(default_factory=list)
    opened: list[DutyOpened] = field(default_factory=list)
    closed: list[DutyClosed] = field(default_factory=list)
    touched: dict[UUID, tuple[int, datetime | None]] = field(default_factory=dict)
    """Duties whose ladder moved: step reached and next wake."""
    moved: dict[UUID, UUID] = field(default_factory=dict)
    """Duties that another agency now answers for."""
    rebased: dict[UUID, DutyRebased] = field(default_factory=dict)
    """Duties that stand on other law or another calendar now."""
    notices: list[Notice] = field(default_factory=list)
    writes: list[Insert | Update] = field(default_factory=list)
    tell: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Workflow ids that must hear, with what they need to start if they do not exist."""
    answer: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    beside: "Beside | None" = None
    """What is written of a second profile in the same transaction."""
    settles: bool = True
    """Whether the command has its answer; an approval waits for its signature."""

    def happened(self, kind: str, under: Obligation | None = None, /, **facts: Any) -> Self:
        """Record an event, citing the obligation it happened under and the signature it asks for."""
        if under and under.signature != "none_stated":
            facts["signature"] = under.signature
        self.events.append(
            Event(kind, under.rule.id if under else None, under.citation if under else None, facts)
        )
        return self

    def insert(self, table: str, /, **values: Any) -> Self:
        """Add a row."""
        self.writes.append(Insert(table, values))
        return self

    def update(self, table: str, key: dict[str, Any], /, **values: Any) -> Self:
        """Change rows."""
        self.writes.append(Update(table, key, values))
        return self

    @property
    def empty(self) -> bool:
        """Whether nothing at all is to be written."""
        return not (
            self.subject
            or self.events
            or self.opened
            or self.closed
            or self.touched
            or self.moved
            or self.rebased
            or self.notices
            or self.writes
            or self.tell
        )


@dataclass(frozen=True, slots=True)
class Beside:
    """A second profile, whose row was locked for the decision, and what is to be written of it."""

    life: Life
    outcome: Outcome
