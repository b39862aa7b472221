"""Data reviews: one campaign per period, each agency's report in it, the profiles that fail a criterion."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class ReviewRow(Table):
    """One period's review of an authority: answers "was it done?" without asking the engine."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("authority_id", "period"),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    period: Mapped[str]
    """``yyyy-q1`` or ``yyyy``"""
    slot: Mapped[str]
    rule_id: Mapped[str]
    citation: Mapped[str]
    rule_set_hash: Mapped[str]
    state: Mapped[str]
    opens_on: Mapped[date]
    nominal_due_on: Mapped[date]
    due_on: Mapped[date]
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """The opening of the next campaign: a report that has not come by then never came."""
    policy_date: Mapped[bool]
    """Whether the due date is policy: the text asks for a report and names no day."""
    opened_at: Mapped[datetime]
    measured_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    summary: Mapped[dict[str, Any]]


class ReviewReportRow(Table):
    """One agency's report in a review, subordinate units included; or the department's of the whole."""

    __tablename__ = "review_reports"
    __table_args__ = (
        UniqueConstraint("review_id", "agency_id", "whole"),
        CheckConstraint("state IN ('open', 'signing', 'sent', 'missing', 'not_owed')", name="state"),
        CheckConstraint("(on_behalf_of IS NULL) = (delegation_id IS NULL)", name="on_behalf"),
        Index("ix_review_reports_wake", "next_wake_at", postgresql_where="next_wake_at IS NOT NULL"),
        Index(
            "ix_review_reports_document", "document_sha256", postgresql_where="document_sha256 IS NOT NULL"
        ),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    whole: Mapped[bool]
    state: Mapped[str]
    version: Mapped[int]
    next_wake_at: Mapped[datetime | None]
    figures: Mapped[dict[str, Any]]
    """Profiles measured and failing, by criterion and by unit, as of ``measured_at``."""
    measured_at: Mapped[datetime | None]
    content: Mapped[dict[str, Any] | None]
    """What was signed: written once for each signature, before it is made."""
    signature_id: Mapped[UUID | None]
    signer_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    signer_role: Mapped[str | None]
    on_behalf_of: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    """The delegator, where a delegate signs."""
    delegation_id: Mapped[UUID | None] = mapped_column(ForeignKey("delegations.id"))
    requested_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    late_days: Mapped[int]
    """Working days after the due date, 0 when in time."""
    document_sha256: Mapped[str | None]
    certificate: Mapped[str | None]


class ReviewFindingRow(Table):
    """A profile that fails a criterion in the newest measuring of a review; gone once it no longer does."""

    __tablename__ = "review_findings"
    __table_args__ = (Index("ix_review_findings_agency", "review_id", "agency_id", "profile_id"),)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"), primary_key=True)
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    """The custodian when it was measured."""
    faults: Mapped[dict[str, Any]]
    """Criterion to pairs of code and place in the form; never a value."""
    measured_at: Mapped[datetime]
