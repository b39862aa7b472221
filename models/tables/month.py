"""Month ends, each agency's list, and what was sent to the national database."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class MonthEndRow(Table):
    """One month of one authority: answers "was it done?" without asking the engine (R25)."""

    __tablename__ = "month_ends"
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("authorities.authority_id"), primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    """``yyyy-mm``"""
    state: Mapped[str]
    opens_on: Mapped[date]
    nominal_end: Mapped[date]
    rolled_end: Mapped[date]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    summary: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Agencies, items by state and what was left, once the month is closed."""


class AgencyMonthRow(Table):
    """One agency's month: its frozen list, its approval and its submission."""

    __tablename__ = "agency_months"
    __table_args__ = (
        UniqueConstraint("agency_id", "month"),
        CheckConstraint("state IN ('open', 'submitting', 'gate', 'closed')", name="state"),
        CheckConstraint("kind IN ('month', 'whole_stock', 'event')", name="kind"),
        CheckConstraint("gate IN ('none', 'before_outgoing_call', 'after')", name="gate"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    month: Mapped[str]
    state: Mapped[str]
    opens_on: Mapped[date]
    nominal_end: Mapped[date]
    rolled_end: Mapped[date]
    closes_at: Mapped[datetime]
    """Opening of the next month's window: what is left then goes on the next list."""
    version: Mapped[int]
    next_wake_at: Mapped[datetime | None]
    listed: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    summary: Mapped[dict[str, Any]]
    gate: Mapped[str] = mapped_column(server_default="after")
    """Where the department approves: by the law of the day on which the list was opened, to its end."""
    kind: Mapped[str] = mapped_column(server_default="month")
    """``month``; ``whole_stock``: the profiles never approved under the regulation (phu_yen.art6.1);
    ``event``: what is sent by an event's clock, approved already (NĐ 27/2026 art. 19)."""


class StockCampaignRow(Table):
    """The first approval of the whole stock under one rule: of the profiles of before its opening."""

    __tablename__ = "stock_campaigns"
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("authorities.authority_id"), primary_key=True)
    rule_id: Mapped[str] = mapped_column(primary_key=True)
    citation: Mapped[str]
    rule_set_hash: Mapped[str]
    opened_on: Mapped[date]
    opened_at: Mapped[datetime]
    again: Mapped[bool] = mapped_column(server_default="false")
    """Whether profiles approved before the rule are signed again under it."""
    document: Mapped[str | None]
    """The document by which the authority opened it; none where a month's opening began it by itself."""
    opened_by: Mapped[UUID | None]


class MonthItemRow(Table):
    """One profile on one agency's list: listed → approved → sent → accepted → released by the gate.

    Where the gate stands before the outgoing call: listed → approved → cleared by the gate → sent → accepted,
    and released with the receipts, for nobody is waited for any more.
    """

    __tablename__ = "month_items"
    __table_args__ = (
        CheckConstraint(
            "state IN ('listed', 'approved', 'held', 'cleared', 'returned', 'sent', 'accepted', 'rejected',"
            " 'released', 'sent_back', 'moved')",
            name="state",
        ),
        Index("ix_month_items_profile", "profile_id"),
        Index(
            "ix_month_items_gate",
            "agency_month_id",
            postgresql_where="state IN ('approved', 'accepted')",
        ),
    )
    agency_month_id: Mapped[UUID] = mapped_column(ForeignKey("agency_months.id"), primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"), primary_key=True)
    authority_id: Mapped[Authority]
    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revisions.id"))
    digest: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    tran_code: Mapped[str | None]
    changed_at: Mapped[datetime]
    changes: Mapped[list[Any] | None]
    """Labels of the fields changed since the last approval; none until described."""
    risk: Mapped[int | None] = mapped_column(SmallInteger)
    """How closely it wants to be looked at (``models.form.risk``); none until described."""
    refusal: Mapped[dict[str, Any] | None]
    """Of a rejected item: the code and, where it names one of ours, the path of the field."""
    described: Mapped[str | None]
    """Digest of the revision that was described: another one is described anew."""


class ApprovalRoundRow(Table):
    """One accepted ``approve_list`` or ``cut_list``: its command's answer says what it chose; run in order.

    It outlives the engine: whatever remembers the rounds still to run, these rows do.
    """

    __tablename__ = "approval_rounds"
    __table_args__ = (
        UniqueConstraint("agency_month_id", "number"),
        CheckConstraint("kind IN ('single', 'cut', 'list')", name="kind"),
        CheckConstraint("(kind = 'single') = (list_id IS NULL)", name="list"),
        CheckConstraint(
            "phase IN ('describing', 'judging', 'typesetting', 'signing', 'writing')", name="phase"
        ),
        Index("ix_approval_rounds_waiting", "agency_month_id", postgresql_where="done_at IS NULL"),
    )
    command_id: Mapped[UUID] = mapped_column(ForeignKey("commands.id"), primary_key=True)
    authority_id: Mapped[Authority]
    agency_month_id: Mapped[UUID] = mapped_column(ForeignKey("agency_months.id"))
    number: Mapped[int]
    """The list's version at its acceptance: the order in which rounds are run."""
    chosen: Mapped[int]
    """How many items."""
    accepted_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(server_default="single")
    """``single``: a signature per item; ``cut``: a list is frozen and shown; ``list``: it is signed."""
    list_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval_lists.id"))
    trouble: Mapped[str | None]
    """Why it stands still now (a token pulled out); it goes on at the same item."""
    phase: Mapped[str | None]
    """What is being done of a list that is cut or signed as one: written while the work's own transaction
    shows nothing yet."""
    phase_done: Mapped[int] = mapped_column(server_default="0")
    """Items through that phase."""
    phase_at: Mapped[datetime | None]
    """When the phase began, by the server's clock."""
    told_at: Mapped[datetime | None]
    """When this was last said, by the same clock."""


class SubmissionRow(Table):
    """One packet to the national database and its receipt."""

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("authority_id", "tran_code"),)
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    agency_month_id: Mapped[UUID | None]
    tran_code: Mapped[str]
    kind: Mapped[str]
    items: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any]]


class NationalReceiptRow(Table):
    """What the national database answered about a packet, byte by byte: once for each different answer."""

    __tablename__ = "national_receipts"
    __table_args__ = (UniqueConstraint("submission_id", "sha256"),)
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    sha256: Mapped[str]
    """Of the answer's body as it came."""
    size: Mapped[int]
    received_at: Mapped[datetime]
    items: Mapped[int]
    settled: Mapped[int]
    """How many of its items the answer settles."""
    sealed: Mapped[bytes]
    """The body: its messages may quote a person."""
    key_id: Mapped[str]
