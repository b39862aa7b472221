"""What the national database holds beside ours: runs of the comparison, differences, proposed corrections."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class ReconciliationRow(Table):
    """One comparison of everything both sides hold, in both directions; it goes on where it stopped."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        CheckConstraint("state IN ('theirs', 'ours', 'done')", name="state"),
        CheckConstraint("(state = 'done') = (ended_at IS NOT NULL)", name="ended"),
        Index("ux_reconciliations_running", "authority_id", unique=True, postgresql_where="state <> 'done'"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    state: Mapped[str]
    """Which side is gone through: what they hold, then what we believe they hold."""
    document: Mapped[str]
    ordered_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    """Nobody, where policy orders it after a month's end."""
    ordered_at: Mapped[datetime]
    cursor: Mapped[str]
    """The last profile gone through on that side; empty before the first."""
    compared: Mapped[int]
    ended_at: Mapped[datetime | None]


class NationalDifferenceRow(Table):
    """One profile that the two sides do not hold alike; fields by name, values are in neither row nor log."""

    __tablename__ = "national_differences"
    __table_args__ = (
        UniqueConstraint("reconciliation_id", "national_id"),
        CheckConstraint("kind IN ('fields', 'missing_there', 'unknown_here', 'status')", name="kind"),
        CheckConstraint("repair IN ('resend', 'proposal', 'under_way', 'by_hand')", name="repair"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    reconciliation_id: Mapped[UUID] = mapped_column(ForeignKey("reconciliations.id"))
    national_id: Mapped[UUID]
    profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profiles.id"))
    kind: Mapped[str]
    fields: Mapped[list[Any]]
    """Names of top-level fields of our form."""
    repair: Mapped[str]
    repaired: Mapped[bool]
    """Whether what repairs it was begun in this run."""
    found_at: Mapped[datetime]


class NationalProposalRow(Table):
    """Fields that the national side corrected by itself, for the person or HR to accept or dispute."""

    __tablename__ = "national_proposals"
    __table_args__ = (
        CheckConstraint("state IN ('fetched', 'open', 'accepted', 'disputed', 'overtaken')", name="state"),
        CheckConstraint("(state IN ('accepted', 'disputed')) = (decided_at IS NOT NULL)", name="decided"),
        Index("ix_national_proposals_profile", "profile_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revisions.id"))
    """The revision of ours that they had and corrected."""
    state: Mapped[str]
    form_version: Mapped[str]
    fields: Mapped[list[Any]]
    sealed: Mapped[bytes]
    """Their values by field; a field that they emptied is missing."""
    key_id: Mapped[str]
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))


class NationalUnitRow(Table):
    """A unit as it stands from a day on, as the national database was told of it."""

    __tablename__ = "national_units"
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    content: Mapped[str]
    """SHA-256 of what was told: code, name, parent's code, days."""
    refused: Mapped[str | None]
    """Their code where they refused it; told again when it changes."""
    told_at: Mapped[datetime]
