"""Who asks, about what, and the answer."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held in an agency, half-open in time: `valid_to` is the first day without it (R2).

    `delegation_of` is the account of the person who delegated it; None for a role of one's own.
    """

    role: str
    agency_id: UUID
    valid_from: date
    valid_to: date | None = None
    delegation_of: UUID | None = None

    def holds(self, on: date) -> bool:
        """Whether the role is held on that legal date."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Actor:
    """An account with the person behind it, if it is a personal one, and the roles it was given."""

    account_id: UUID
    person_profile_id: UUID | None
    authority_id: UUID
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about: the agency whose matter it is, those above it, and the profile if it is one.

    `ancestors` may or may not hold the agency itself. `author_account_id` made the revision or entry to be
    judged; `subject_account_id` is the account of the person the profile is about. `authority_id` None means
    that the caller has already made sure of it (row-level security).
    """

    agency_id: UUID
    ancestors: tuple[UUID, ...] = ()
    profile_id: UUID | None = None
    author_account_id: UUID | None = None
    subject_account_id: UUID | None = None
    authority_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes, and why: the role, the slot of the law it stands on, the article where a rule set was given."""

    role: str
    slot: str | None
    reason_vi: str
    reason_en: str
    citation: str | None = None
    delegation_of: UUID | None = None

    @property
    def reason(self) -> str:
        """The reason in Vietnamese."""
        return self.reason_vi


@dataclass(frozen=True, slots=True)
class Denied:
    """No, with the code of the problem and the reason."""

    code: str
    reason_vi: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a verb is allowed, for lists: everywhere, below some agencies, in some, or about oneself."""

    everywhere: bool = False
    subtrees: frozenset[UUID] = frozenset()
    agencies: frozenset[UUID] = frozenset()
    own_profile: UUID | None = None

    def covers(self, target: Target) -> bool:
        """Whether the target lies within, leaving separation of duties aside."""
        return (
            self.everywhere
            or target.agency_id in self.agencies
            or not self.subtrees.isdisjoint((target.agency_id, *target.ancestors))
            or (self.own_profile is not None and self.own_profile == target.profile_id)
        )
