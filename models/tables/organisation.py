"""Authorities, agencies, the closure of their tree, posts and who holds them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, SmallInteger
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class AuthorityRow(Table):
    """A managing authority: the owner of a local database (hanoi.art3.4)."""

    __tablename__ = "authorities"
    authority_id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    regulation: Mapped[str]
    """Code under which ``models.regulations`` resolves the rule set in force."""
    national_code: Mapped[str]
    """Sender code on the integration platform."""
    department_id: Mapped[UUID | None]
    """The agency that keeps the database and stands at the gate (Sở Nội vụ)."""
    installed_on: Mapped[date]
    ict_department_id: Mapped[UUID | None]
    """The agency that operates the database for its users (Trung tâm Thông tin), where one is named."""
    tree_seen_on: Mapped[date | None]
    """The legal date of the last change of the tree: no transaction reads it as of an earlier day unasked."""


class AgencyRow(Table):
    """An agency, unit or commune; identity never changes, codes and names may (QĐ 20/2020).

    How it stands on which day is in ``agency_spans``; the columns here are that of the last day somebody
    looked, for labels of lists and for the keys of other tables.
    """

    __tablename__ = "agencies"
    __table_args__ = (
        Index("ix_agencies_code", "authority_id", "code"),
        CheckConstraint("standing IN ('constituent', 'subordinate')", name="standing"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    has_account: Mapped[bool]
    """Whether it has an agency account, and so synchronises for itself (hanoi.art15)."""
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    standing: Mapped[str | None]
    """A part of the authority itself (``constituent``, thuộc) or under it with dossiers of its own
    (``subordinate``, trực thuộc). Not said: subordinate where it has an agency account."""


class AgencyClosureRow(Table):
    """Every ancestor of every agency with the days on which it is one; recomputed, never edited (R26).

    Days past and to come. The view ``agency_closure`` shows those of today: what authorisation asks.
    """

    __tablename__ = "agency_lines"
    __table_args__ = (Index("ix_agency_closure_descendant", "descendant_id", "depth"),)
    authority_id: Mapped[Authority]
    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), primary_key=True)
    descendant_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    depth: Mapped[int]
    valid_to: Mapped[date | None]


class GrantRow(Table):
    """A role held in a part of the tree for a period, with the document that gives it."""

    __tablename__ = "grants"
    __table_args__ = (
        Index("ix_grants_account", "account_id"),
        Index("ix_grants_agency_role", "agency_id", "role"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        CheckConstraint("level BETWEEN 1 AND 4", name="level"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    role: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    document: Mapped[str | None]
    delegation_of: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    """Whose role it is, where it was delegated (hanoi.art6.4)."""
    level: Mapped[int | None] = mapped_column(SmallInteger)
    """The level of restriction up to which the holder sees forms; none: the role's own."""


class DelegationRow(Table):
    """A right lent by one account to another for a part of the tree and a time (hanoi.art6.4.c, 9.2, 14.1).

    What it is worth is decided at every act from the delegator's own roles on that day. ``valid_to`` is the
    first day without it. The holders of both accounts are kept, so that whoever takes over a post inherits
    neither side.
    """

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("valid_to > valid_from", name="period"),
        CheckConstraint("state IN ('waiting', 'granted', 'ended')", name="state"),
        CheckConstraint("delegator_id <> delegate_id", name="somebody_else"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        Index("ix_delegations_delegate", "delegate_id"),
        Index("ix_delegations_delegator", "delegator_id"),
        Index("ix_delegations_agency", "agency_id"),
        Index("ix_delegations_through", "through", postgresql_where="through IS NOT NULL"),
        # Also EXCLUDE ex_delegations_overlap, in the migration: one delegator lends the same thing to one
        # person at a time.
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    delegator_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    delegator_profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profiles.id"))
    delegate_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    delegate_profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profiles.id"))
    what: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    role: Mapped[str]
    """The role under which the first giver has the right."""
    through: Mapped[UUID | None] = mapped_column(ForeignKey("delegations.id"))
    """The delegation it rests on, where what was lent is lent on."""
    parties: Mapped[list[UUID]] = mapped_column(postgresql.ARRAY(postgresql.UUID(as_uuid=True)))
    """The accounts the right came through, the first giver first, this delegator last."""
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    document: Mapped[str]
    agreement: Mapped[str | None]
    """The department's written agreement, where the law asks for one."""
    agreed_on: Mapped[date | None]
    state: Mapped[str]
    warned: Mapped[bool]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    reason: Mapped[str | None]
    """In words, by whoever took it back or gave it back."""
    rule_id: Mapped[str | None]
    citation: Mapped[str | None]
    rule_set_hash: Mapped[str]
    version: Mapped[int]
    next_wake_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class RuleSetRow(Table):
    """A resolved rule set under the hash of its content; never changed or deleted.

    Its date and document are those of its first load; which content is in force the loads say.
    """

    __tablename__ = "rule_sets"
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("authorities.authority_id"), primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date]
    content: Mapped[dict[str, Any]]
    document: Mapped[str]
    loaded_at: Mapped[datetime]


class RuleSetLoadRow(Table):
    """One load of a rule set, new or known: on each day the newest date decides, then the later load."""

    __tablename__ = "rule_set_loads"
    __table_args__ = (
        ForeignKeyConstraint(["authority_id", "hash"], ["rule_sets.authority_id", "rule_sets.hash"]),
        Index("ix_rule_set_loads_in_force", "authority_id", "valid_from", "loaded_at"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    hash: Mapped[str]
    valid_from: Mapped[date]
    document: Mapped[str]
    approver_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    """The account that approved it; none for what an installation brings."""
    loaded_at: Mapped[datetime]


class RegimeLoadRow(Table):
    """One load of another regulation's rule set, for the parts of the tree that it binds.

    As with the authority's own loads the newest date decides, then the later load.
    """

    __tablename__ = "regime_loads"
    __table_args__ = (
        ForeignKeyConstraint(["authority_id", "hash"], ["rule_sets.authority_id", "rule_sets.hash"]),
        Index("ix_regime_loads_in_force", "authority_id", "regulation", "valid_from", "loaded_at"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    regulation: Mapped[str]
    """Whose regulation: the code by which ``agency_regimes`` names it."""
    hash: Mapped[str]
    valid_from: Mapped[date]
    document: Mapped[str]
    approver_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    loaded_at: Mapped[datetime]


class CalendarLoadRow(Table):
    """One load of a calendar, new or known content: the newest is reckoned with."""

    __tablename__ = "calendar_loads"
    __table_args__ = (
        ForeignKeyConstraint(["authority_id", "hash"], ["calendars.authority_id", "calendars.hash"]),
        Index("ix_calendar_loads_newest", "authority_id", "loaded_at"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    hash: Mapped[str]
    document: Mapped[str]
    approver_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    loaded_at: Mapped[datetime]


class LawMoveRow(Table):
    """A duty that a load moved, or left standing because the newer law says nothing of it."""

    __tablename__ = "law_moves"
    __table_args__ = (
        Index("ix_law_moves_load", "authority_id", "load_id", "id"),
        Index("ix_law_moves_duty", "duty_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    load_id: Mapped[UUID]
    """A row of ``rule_set_loads`` or ``calendar_loads``."""
    duty_id: Mapped[UUID] = mapped_column(ForeignKey("duties.id"))
    agency_id: Mapped[UUID]
    slot: Mapped[str]
    kept: Mapped[bool]
    due_before: Mapped[date | None]
    due: Mapped[date | None]
    citation_before: Mapped[str]
    citation: Mapped[str]
    party_before: Mapped[str]
    party: Mapped[str]
    """Who owes it: the person, or a role of the agency."""
    why: Mapped[list[Any]]
    moved_at: Mapped[datetime]


class CalendarRow(Table):
    """The calendar years an authority reckons with, under the hash of their content."""

    __tablename__ = "calendars"
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("authorities.authority_id"), primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    document: Mapped[str]
    loaded_at: Mapped[datetime]
