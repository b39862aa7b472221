"""Who asks, about what, and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held in an agency, half-open in time: `valid_to` is the first day without it (R2).

    `delegation_of` is the account of the person who delegated it; None for a role of one's own. `level` is
    how far its holder sees into a form where the grant says so, by `level_document`; None: as far as the
    role does.
    """

    role: str
    agency_id: UUID
    valid_from: date
    valid_to: date | None = None
    delegation_of: UUID | None = None
    level: int | None = None
    level_document: str | None = None

    def holds(self, on: date) -> bool:
        """Whether the role is held on that legal date."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Actor:
    """An account with the person behind it, if it is a personal one, the roles it was given and what others
    delegated to it."""

    account_id: UUID
    person_profile_id: UUID | None
    authority_id: UUID
    grants: tuple[Grant, ...] = ()
    delegations: "tuple[Delegation, ...]" = ()
    consents: "tuple[Consent, ...]" = ()
    personal: bool = True
    """Whether it is the person's own account. Who holds an agency's account is written on it by whoever gives
    it out: that keeps the holder from judging the own file, and gives nobody the person's rights over it."""

    @property
    def own_profile_id(self) -> UUID | None:
        """The profile over which the actor has the rights of the person it is about."""
        return self.person_profile_id if self.personal else None


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that the actor reads one file: the authority's, in writing, or the official's, electronic.

    Half-open in time: ``ends_on`` is the first day without it. Fields are seen up to its ``level``.
    """

    id: UUID
    profile_id: UUID
    kind: str
    starts_on: date
    ends_on: date
    level: int

    def holds(self, on: date) -> bool:
        """Whether it is in force on that legal date."""
        return self.starts_on <= on < self.ends_on


@dataclass(frozen=True, slots=True)
class Delegation:
    """A right of somebody else, lent for a part of the tree and a time, half-open: `valid_to` is the first
    day without it.

    It is worth what the `delegator` may do on the day of the decision. Where the delegator holds the right by
    a delegation himself, he comes with that one alone; else with his own roles alone. `ancestors` may or may
    not hold the agency itself. `over` means revoked, not agreed to yet, or that one of the two has left.
    """

    id: UUID
    what: str
    delegator: Actor
    agency_id: UUID
    ancestors: tuple[UUID, ...]
    valid_from: date
    valid_to: date
    over: bool = False

    def holds(self, on: date) -> bool:
        """Whether it is in force on that legal date, as far as itself is concerned."""
        return not self.over and self.valid_from <= on < self.valid_to

    @property
    def place(self) -> "Target":
        """Its whole part of the tree, as something that can be asked about."""
        return Target(self.agency_id, self.ancestors)


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
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a rule may ask about the person and the agency (``regulations.When``); empty for anything else."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes, and why: the role, the slot of the law it stands on, the article where a rule set was given."""

    role: str
    slot: str | None
    reason_vi: str
    reason_en: str
    citation: str | None = None
    citation_en: str | None = None
    delegation_of: UUID | None = None
    """The account on whose behalf it would be done."""
    delegation_id: UUID | None = None
    level: int = 1
    """The level of restriction up to which fields are seen (``models.form.levels``)."""
    level_of: Grant | None = None
    """The grant that says the level, where it is not the role's."""

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
    profiles: frozenset[UUID] = frozenset()
    """Single files read by consent."""
    never_profile: UUID | None = None
    """The asker's own file, where the law leaves it out of what a post may read."""

    def covers(self, target: Target) -> bool:
        """Whether the target lies within, leaving separation of duties aside."""
        if self.never_profile is not None and self.never_profile == target.profile_id:
            return False
        return (
            self.everywhere
            or target.profile_id in self.profiles
            or target.agency_id in self.agencies
            or not self.subtrees.isdisjoint((target.agency_id, *target.ancestors))
            or (self.own_profile is not None and self.own_profile == target.profile_id)
        )
