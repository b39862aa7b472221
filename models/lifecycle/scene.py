"""What a decision is told about the world: who acts, when, under which law. No clock, no look-ups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from models.calendar import Calendar, legal_date
from models.lifecycle.life import Certificate
from models.regulations import Obligation, Policy, RuleSet

if TYPE_CHECKING:
    from models.lifecycle.border import Border


@dataclass(frozen=True, slots=True)
class Other:
    """The other agency of a move: what the law may ask of it, and whether both are one agency."""

    agency_id: UUID
    facts: Mapping[str, str] = field(default_factory=dict)
    within: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Who is named as acting head with a leaving, and what the leaver heads; as both stand today."""

    profile_id: UUID
    post: str | None = None
    """The post of a head that the leaver holds; none where the leaver heads nothing."""
    unit: UUID | None = None
    """Where the leaver holds it."""
    of_unit: bool = False
    """Whether the named person works there or below it."""
    account_id: UUID | None = None
    """The named person's own account, where it can be used."""
    holds: bool = False
    """Whether the named person has the post already."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything outside the state that a decision may depend on."""

    now: datetime
    law: RuleSet
    calendar: Calendar
    policy: Policy
    act_id: UUID
    """Id of the command or timer; every id a decision makes derives from it, so a retry makes the same."""
    actor_id: UUID | None
    actor_role: str
    actor_profile_id: UUID | None
    department_id: UUID | None
    managing_agency_id: UUID
    """The agency above the custodian that answers for it (itself at the top)."""
    on_behalf_of: UUID | None = None
    """Whose right it is, where the actor acts by delegation."""
    delegation_id: UUID | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the law may ask about the subject: category, the agency's standing (``regulations.When``)."""
    ict_department_id: UUID | None = None
    """The agency that operates the database, where the authority has named one."""
    other: Other | None = None
    """The agency a command moves the profile to, as it stands today."""

    border: "Border | None" = None
    """Where a command moves the profile to a unit under another law."""

    acting: Named | None = None
    """Whom a leaving names as acting head."""

    certificate: Certificate | None = None
    """The certificate a signing session names, where it is registered to who acts and not withdrawn."""

    arrived_at: datetime | None = None
    """When what is decided was accepted, where it waited in between; none where the time itself acts."""

    unsettled: bool = False
    """Whether something accepted about the subject still waits to be decided."""

    @property
    def today(self) -> date:
        """The legal date in Viet Nam."""
        return legal_date(self.now)

    @property
    def arrived_on(self) -> date:
        """The legal date that lateness is judged by: nobody is late because a server stood still."""
        return min(legal_date(self.arrived_at), self.today) if self.arrived_at else self.today

    def new_id(self, label: str) -> UUID:
        """An id that the same act always makes for the same label."""
        return uuid5(self.act_id, label)

    def rule(self, slot: str, /, **facts: str) -> Obligation | None:
        """The obligation for a purpose under the scene's facts; none where the law does not know it."""
        return self.law.slot(slot, **{**self.facts, **facts})

    def chain(self, /, **facts: str) -> tuple[Obligation, ...]:
        """The signatures a declaration needs under the scene's facts, in order; the last is the approval."""
        return self.law.chain(**{**self.facts, **facts})
