"""Registers: breaches of personal data, and what officials ask to have corrected or dispute."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class BreachRow(Table):
    """A breach of personal data with its clock of hours (pdpl.art23.1); what was written of it is sealed."""

    __tablename__ = "breaches"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'notified', 'closed')", name="state"),
        CheckConstraint(
            "kind IN ('disclosure', 'unauthorised_access', 'loss', 'alteration', 'other')", name="kind"
        ),
        CheckConstraint("(notified_at IS NULL) = (notified_document IS NULL)", name="notified"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_breaches_recorded", "authority_id", "recorded_at", "id"),
        Index("ix_breaches_agency", "agency_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    """Where it happened."""
    state: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    known_at: Mapped[datetime]
    """When it was detected: from then the clock runs."""
    happened_at: Mapped[datetime | None]
    people: Mapped[int]
    """How many people it concerns, as far as known."""
    data: Mapped[list[Any]]
    """``basic``, ``sensitive``"""
    story: Mapped[bytes]
    """What was written of it, entry after entry, sealed."""
    key_id: Mapped[str]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    recorded_role: Mapped[str]
    recorded_at: Mapped[datetime]
    duty_id: Mapped[UUID | None]
    due_at: Mapped[datetime | None]
    """The instant by which it is to be notified; none where no law in force gives hours."""
    rule_id: Mapped[str | None]
    citation: Mapped[str | None]
    notified_at: Mapped[datetime | None]
    notified_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    notified_to: Mapped[str | None]
    notified_document: Mapped[str | None]
    late_hours: Mapped[int | None]
    """Begun hours after ``due_at``; 0 in time."""
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    next_wake_at: Mapped[datetime | None]


class BreachFileRow(Table):
    """A profile whose data a breach concerns: its person sees the breach."""

    __tablename__ = "breach_files"
    __table_args__ = (Index("ix_breach_files_profile", "profile_id"),)
    breach_id: Mapped[UUID] = mapped_column(ForeignKey("breaches.id"), primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"), primary_key=True)
    authority_id: Mapped[Authority]


class BreachNoticeRow(Table):
    """A notification of a breach as a file under a seal; what it says stands in the breach's sealed story."""

    __tablename__ = "breach_notices"
    __table_args__ = (
        CheckConstraint("state IN ('making', 'made', 'failed')", name="state"),
        CheckConstraint(
            "state <> 'made' OR document_sha256 IS NOT NULL AND made_at IS NOT NULL", name="made"
        ),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed"),
        Index("uq_breach_notices_making", "breach_id", unique=True, postgresql_where="state = 'making'"),
        Index("ix_breach_notices_breach", "breach_id", "asked_at"),
        Index("ix_breach_notices_document", "document_sha256"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    breach_id: Mapped[UUID] = mapped_column(ForeignKey("breaches.id"))
    state: Mapped[str]
    document: Mapped[str]
    """The notification's number."""
    sealer_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    """Whose seal stands on it."""
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_role: Mapped[str]
    asked_at: Mapped[datetime]
    rule_set_hash: Mapped[str]
    document_sha256: Mapped[str | None]
    certificate: Mapped[str | None]
    made_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    """The code of why it could not be sealed."""


class FileRequestRow(Table):
    """A correction asked for or a dispute opened by the official, and how it was answered."""

    __tablename__ = "file_requests"
    __table_args__ = (
        CheckConstraint("kind IN ('rectification', 'dispute')", name="kind"),
        CheckConstraint("state IN ('open', 'accepted', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(answer IS NULL) = (answer_key IS NULL)", name="answer"),
        Index("ix_file_requests_profile", "profile_id"),
        Index("ix_file_requests_asked", "authority_id", "asked_at", "id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    kind: Mapped[str]
    state: Mapped[str]
    path: Mapped[str]
    """The field, fact or decision it is about, as the official named it."""
    about: Mapped[UUID | None]
    """The request whose refusal is disputed."""
    words: Mapped[bytes]
    """What the official wrote, sealed."""
    words_key: Mapped[str]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    duty_id: Mapped[UUID | None]
    due_on: Mapped[date | None]
    due_by_policy: Mapped[bool]
    """Whether the day is ours, because no law in force gives one."""
    rule_id: Mapped[str | None]
    citation: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    ended_role: Mapped[str | None]
    document: Mapped[str | None]
    answer: Mapped[bytes | None]
    """Why, sealed."""
    answer_key: Mapped[str | None]
    late_days: Mapped[int | None]
    draft_number: Mapped[int | None]
    """The draft made of what was accepted."""
