"""The tree of agencies, dated: how each stands, what came from what, posts and who holds them, staffing."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class AgencySpanRow(Table):
    """How an agency stands from a day until before another, without gap or overlap; past and to come.

    ``follows`` is the end of the span before, by foreign key; none for the first. Also EXCLUDE
    ex_agency_spans_overlap and ex_agency_spans_code, in the migration.
    """

    __tablename__ = "agency_spans"
    __table_args__ = (
        UniqueConstraint("agency_id", "valid_to"),
        ForeignKeyConstraint(
            ["agency_id", "follows"],
            ["agency_spans.agency_id", "agency_spans.valid_to"],
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint("follows IS NULL OR follows = valid_from", name="follows"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        CheckConstraint("standing IN ('constituent', 'subordinate')", name="standing"),
        Index("uq_agency_spans_first", "agency_id", unique=True, postgresql_where="follows IS NULL"),
        Index("uq_agency_spans_open", "agency_id", unique=True, postgresql_where="valid_to IS NULL"),
        Index("ix_agency_spans_authority", "authority_id", "valid_from"),
        Index("ix_agency_spans_parent", "parent_id"),
    )
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    valid_to: Mapped[date | None]
    """The first day on which it is no longer so."""
    follows: Mapped[date | None]
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    has_account: Mapped[bool]
    standing: Mapped[str | None]
    legacy_code: Mapped[str | None]
    """Its code of before, read from right to left (QCVN 102:2016)."""
    ended: Mapped[bool]
    """It exists no longer; the rest is then what it was last."""


class AgencyChangeRow(Table):
    """One operation on the tree: what, from which day, on which document, by whom. Kept for ever."""

    __tablename__ = "agency_changes"
    __table_args__ = (
        Index("ix_agency_changes_agency", "agency_id", "effective_on", "id"),
        Index("ix_agency_changes_effective", "authority_id", "effective_on"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    operation: Mapped[str]
    """create, rename, recode, reparent, amend, end, resume, succeed, imported."""
    effective_on: Mapped[date]
    document: Mapped[str]
    facts: Mapped[dict[str, Any]]
    """What it says; no personal data."""
    command_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    case_id: Mapped[UUID | None]
    """The reorganisation it belongs to."""
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """Taken back before its day."""


class AgencyLinkRow(Table):
    """One agency came from another (predecessor and successor)."""

    __tablename__ = "agency_links"
    __table_args__ = (
        CheckConstraint("predecessor_id <> successor_id", name="another"),
        CheckConstraint(
            "kind IN ('merged', 'consolidated', 'divided', 'separated', 'restored')", name="kind"
        ),
        UniqueConstraint("predecessor_id", "successor_id", "effective_on"),
        Index("ix_agency_links_successor", "successor_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    predecessor_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    successor_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    kind: Mapped[str]
    effective_on: Mapped[date]
    document: Mapped[str]


class AgencyPostRow(Table):
    """A post of an agency: whoever holds it has its role there. ``valid_to`` is the first day without it."""

    __tablename__ = "agency_posts"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        Index("ix_agency_posts_agency", "agency_id", "kind"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    kind: Mapped[str]
    """head, deputy, hr_head, hr_officer, approver, sync_agent, archivist."""
    title: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    document: Mapped[str]


class PostHolderRow(Table):
    """Who holds a post, from when until when; ``acting`` stands in for a holder who is not there.

    The holder's role is the row of ``grants`` it names: made and ended with it, never the other way round.
    Also EXCLUDE ex_post_holders_overlap, in the migration: one account holds a post once at a time.
    """

    __tablename__ = "post_holders"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        Index("ix_post_holders_post", "post_id"),
        Index("ix_post_holders_account", "account_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    post_id: Mapped[UUID] = mapped_column(ForeignKey("agency_posts.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    acting: Mapped[bool]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    document: Mapped[str]
    grant_id: Mapped[UUID | None] = mapped_column(ForeignKey("grants.id"))
    """None where the post gives no role of itself (a deputy acts by delegation)."""


class AgencyQuotaRow(Table):
    """How many people an agency may have: of a category (``quota``, biên chế) or in a job position
    (``position``, vị trí việc làm). Also EXCLUDE ex_agency_quotas_overlap, in the migration."""

    __tablename__ = "agency_quotas"
    __table_args__ = (
        CheckConstraint("kind IN ('quota', 'position')", name="kind"),
        CheckConstraint("number >= 0", name="number"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        Index("ix_agency_quotas_agency", "agency_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    kind: Mapped[str]
    code: Mapped[str]
    """The category of staff, or the code of the position."""
    title: Mapped[str | None]
    number: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    document: Mapped[str]
