"""Reorganisations: plans with their decision and day, the people they move, whose law binds a subtree."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class ReorganisationRow(Table):
    """A reorganisation from its draft to its end; what it stands on and what undoes it stay for ever."""

    __tablename__ = "reorganisations"
    __table_args__ = (
        CheckConstraint("state IN ('drafted', 'approved', 'executing', 'done', 'withdrawn')", name="state"),
        CheckConstraint("approver_id IS NULL OR approver_id <> ALL (authors)", name="somebody_else"),
        CheckConstraint(
            "state NOT IN ('approved', 'executing', 'done') OR approver_id IS NOT NULL", name="approved"
        ),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
        Index("ix_reorganisations_effective", "authority_id", "effective_on", "id"),
        Index("ix_reorganisations_agency", "agency_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    """The lowest agency above everything touched: where the case belongs."""
    title: Mapped[str]
    decision_number: Mapped[str]
    decision_on: Mapped[date]
    decision_issuer: Mapped[str]
    decision_hash: Mapped[str | None]
    """SHA-256 of the decision's scan."""
    effective_on: Mapped[date]
    plan: Mapped[dict[str, Any]]
    """As it was given, each line with its number; people by profile or staff number."""
    plan_hash: Mapped[str]
    """SHA-256 of its canonical JSON (RFC 8785): what is approved is exactly this."""
    state: Mapped[str]
    version: Mapped[int]
    units: Mapped[list[UUID]] = mapped_column(postgresql.ARRAY(postgresql.UUID(as_uuid=True)))
    """Every agency it touches."""
    answers: Mapped[dict[str, Any]]
    """What the approver said to each warning."""
    warnings: Mapped[list[Any]]
    """Those that stood when it was approved."""
    author_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    """Who wrote the plan as it stands."""
    authors: Mapped[list[UUID]] = mapped_column(postgresql.ARRAY(postgresql.UUID(as_uuid=True)))
    """Everybody who wrote a version of it: none of them approves it."""
    approver_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    drafted_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]
    """When its day was begun: from then it cannot be withdrawn, only taken back by another."""
    done_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    """Why it was amended or withdrawn last."""
    rule_id: Mapped[str | None]
    citation: Mapped[str | None]
    former: Mapped[dict[str, Any]]
    """How every touched agency would have stood that day without it: what an inverse plan goes by."""
    former_digest: Mapped[str]
    """SHA-256 of the tree of that day without it."""
    after_digest: Mapped[str | None]
    """SHA-256 of the tree of that day once it was carried out."""
    day: Mapped[dict[str, Any] | None]
    """From the beginning of its day on: what ends with it, who takes over, codes given up."""
    trouble: Mapped[str | None]
    """Why its day could not be begun or ended, by code; tried again every hour."""
    items: Mapped[int | None]
    """People it moves, from the beginning of its day on."""
    next_wake_at: Mapped[datetime | None]


class ReorganisationItemRow(Table):
    """One person moved by a reorganisation: frozen when its day begins, then moved share after share.

    Whoever stays in a unit whose law changes stands here with that unit on both sides.
    """

    __tablename__ = "reorganisation_items"
    __table_args__ = (
        UniqueConstraint("reorganisation_id", "position"),
        CheckConstraint("state IN ('waiting', 'moved', 'left')", name="state"),
        CheckConstraint("(state = 'moved') = (moved_at IS NOT NULL)", name="moved"),
        Index(
            "ix_reorganisation_items_waiting",
            "reorganisation_id",
            "position",
            postgresql_where="state = 'waiting'",
        ),
        Index("ix_reorganisation_items_profile", "profile_id"),
    )
    reorganisation_id: Mapped[UUID] = mapped_column(ForeignKey("reorganisations.id"), primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"), primary_key=True)
    authority_id: Mapped[Authority]
    position: Mapped[int]
    from_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    to_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    placed: Mapped[bool]
    """False: no line of the plan places this person, who goes to the next above and is left to be placed."""
    state: Mapped[str]
    reason: Mapped[str | None]
    moved_at: Mapped[datetime | None]


class AgencyRegimeRow(Table):
    """Another managing authority's regulation binds an agency and all below it for a period.

    The law of a unit is that of the nearest agency at or above it with a row that day; none: the authority's.
    """

    __tablename__ = "agency_regimes"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        CheckConstraint("duties IN ('keep', 'rebase')", name="duties"),
        CheckConstraint("duties_by IN ('plan', 'rule', 'policy')", name="duties_by"),
        Index("ix_agency_regimes_agency", "agency_id", "valid_from"),
        # Also EXCLUDE ex_agency_regimes_overlap, in the migration: one regulation at a time.
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    regulation: Mapped[str]
    """Code under which ``models.regulations`` resolves the rule set, as of an authority."""
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    duties: Mapped[str]
    """``keep``: duties that run keep the basis they were opened on; ``rebase``: they are reckoned again."""
    duties_by: Mapped[str] = mapped_column(server_default="plan")
    """Who says so: ``plan`` (its line), ``rule`` (the regulation that binds from then on), ``policy``."""
    duties_citation: Mapped[str | None]
    """The rule, where one says so."""
    reorganisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("reorganisations.id"))
    document: Mapped[str]
