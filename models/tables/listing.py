"""Approval lists: many revisions under one signature; and what each item of a round came to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class ApprovalListRow(Table):
    """A list cut for one approver: frozen when it is shown, then signed as a whole or not at all."""

    __tablename__ = "approval_lists"
    __table_args__ = (
        UniqueConstraint("command_id"),
        CheckConstraint(
            "state IN ('cutting', 'shown', 'signing', 'signed', 'failed', 'superseded')", name="state"
        ),
        CheckConstraint(
            "state NOT IN ('shown', 'signing', 'signed') OR (size IS NOT NULL AND root IS NOT NULL"
            " AND digest IS NOT NULL AND prepared_sha256 IS NOT NULL)",
            name="shown",
        ),
        CheckConstraint(
            "state <> 'signed' OR (document_sha256 IS NOT NULL AND certificate IS NOT NULL)", name="signed"
        ),
        CheckConstraint("(on_behalf_of IS NULL) = (delegation_id IS NULL)", name="on_behalf"),
        Index("ix_approval_lists_month", "agency_month_id"),
        Index(
            "ix_approval_lists_document", "document_sha256", postgresql_where="document_sha256 IS NOT NULL"
        ),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_month_id: Mapped[UUID] = mapped_column(ForeignKey("agency_months.id"))
    command_id: Mapped[UUID] = mapped_column(ForeignKey("commands.id"))
    """What asked for it to be cut."""
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    """Whose list it is: nobody's own file is on the list one signs."""
    account_role: Mapped[str]
    on_behalf_of: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    delegation_id: Mapped[UUID | None] = mapped_column(ForeignKey("delegations.id"))
    state: Mapped[str]
    size: Mapped[int | None]
    root: Mapped[str | None]
    """Merkle root of the rows (RFC 6962), as the manifest states it."""
    digest: Mapped[str | None]
    """SHA-256 of the manifest: what the approver says yes to."""
    prepared_sha256: Mapped[str | None]
    """The document as shown, with its empty signature field."""
    document_sha256: Mapped[str | None]
    """The same document, signed."""
    certificate: Mapped[str | None]
    reason: Mapped[str | None]
    """Why it came to nothing."""
    requested_at: Mapped[datetime]
    shown_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ApprovalListRowRow(Table):
    """One row of a list, as printed and as signed."""

    __tablename__ = "approval_list_rows"
    __table_args__ = (
        UniqueConstraint("list_id", "profile_id"),
        CheckConstraint("position BETWEEN 1 AND 5000", name="position"),
    )
    list_id: Mapped[UUID] = mapped_column(ForeignKey("approval_lists.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revisions.id"))
    digest: Mapped[str]
    changes: Mapped[list[Any]]
    risk: Mapped[int] = mapped_column(SmallInteger)


class ApprovalResultRow(Table):
    """What one chosen item of a round came to, for whoever asked; one round's answer is not another's."""

    __tablename__ = "approval_results"
    __table_args__ = (
        CheckConstraint("outcome IN ('approved', 'stays')", name="outcome"),
        CheckConstraint("(outcome = 'stays') = (reason IS NOT NULL)", name="reason"),
    )
    command_id: Mapped[UUID] = mapped_column(ForeignKey("commands.id"), primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"), primary_key=True)
    authority_id: Mapped[Authority]
    agency_month_id: Mapped[UUID] = mapped_column(ForeignKey("agency_months.id"))
    outcome: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]
