"""Duties, cases, notices."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table

NO_DATE = "9999-12-31"
"""Where a duty without a due date stands in a list ordered by due date: last."""


class DutyRow(Table):
    """Something owed: by whom, until when, by which article; with the law that was read when it opened."""

    __tablename__ = "duties"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'met', 'void')", name="state"),
        Index("ix_duties_open", "agency_id", "due_on", postgresql_where="state = 'open'"),
        Index(
            "ix_duties_due",
            text(f"coalesce(due_on, '{NO_DATE}'::date)"),
            "id",
            postgresql_where="state = 'open'",
        ),
        Index(
            "ix_duties_today",
            "authority_id",
            "due_on",
            "id",
            postgresql_include=["due_at", "slot", "party", "agency_id", "profile_id", "returned"],
            postgresql_where="state = 'open'",
        ),
        Index("ix_duties_profile", "profile_id"),
        Index(
            "ix_duties_late",
            "due_at",
            "profile_id",
            postgresql_where="state = 'open' AND profile_id IS NOT NULL",
        ),
        Index("ix_duties_case", "case_id", postgresql_where="case_id IS NOT NULL"),
        Index("ix_duties_month", "agency_month_id", postgresql_where="agency_month_id IS NOT NULL"),
        Index("ix_duties_report", "report_id", postgresql_where="report_id IS NOT NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    """The agency in whose work the duty stands (the custodian's, for a person's duty)."""
    profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profiles.id"))
    case_id: Mapped[UUID | None]
    agency_month_id: Mapped[UUID | None]
    report_id: Mapped[UUID | None]
    """The report of a data review that is owed."""
    slot: Mapped[str]
    party: Mapped[str]
    """Who owes it: ``person`` or a role of the agency."""
    rule_id: Mapped[str]
    citation: Mapped[str]
    rule_set_hash: Mapped[str]
    calendar_hash: Mapped[str]
    event_on: Mapped[date]
    nominal_due_on: Mapped[date | None]
    due_on: Mapped[date | None]
    due_at: Mapped[datetime | None]
    """Exclusive end: 24:00 of ``due_on`` in Viet Nam; none where the calendar year is missing."""
    state: Mapped[str]
    reason: Mapped[str | None]
    notice_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]]
    returned: Mapped[bool] = mapped_column(
        Computed("coalesce((facts ->> 'returned')::boolean, false)", persisted=True)
    )
    """Whether it came back to be corrected: as the facts say, where an index can hold it."""
    opened_at: Mapped[datetime]
    met_on: Mapped[date | None]
    late_days: Mapped[int]
    ladder_step: Mapped[int]
    """Steps of the reminder ladder already climbed."""
    next_wake_at: Mapped[datetime | None]


class CaseRow(Table):
    """A transfer or a separation: what moves a profile out of an agency's hands."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("kind IN ('transfer', 'separation', 'disposal')", name="kind"),
        Index("uq_cases_open", "profile_id", unique=True, postgresql_where="closed_at IS NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    kind: Mapped[str]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    from_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    to_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    mode: Mapped[str]
    """Kind of move (điều động, luân chuyển …) or of leaving (nghỉ hưu, thôi việc …)."""
    effective_on: Mapped[date]
    document: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    facts: Mapped[dict[str, Any]]
    next_wake_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class NoticeRow(Table):
    """A line in somebody's inbox; addressed to a post and resolved when shown or sent (R39)."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_account", "account_id", "id", postgresql_where="account_id IS NOT NULL"),
        Index("ix_notices_post", "agency_id", "role", "id", postgresql_where="role IS NOT NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID | None]
    agency_id: Mapped[UUID]
    role: Mapped[str | None]
    kind: Mapped[str]
    duty_id: Mapped[UUID | None]
    profile_id: Mapped[UUID | None]
    citation: Mapped[str | None]
    due_on: Mapped[date | None]
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
