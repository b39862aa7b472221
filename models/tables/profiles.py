"""Profiles, their revisions, who holds them, and the files that belong to them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class ProfileRow(Table):
    """One person's profile: the row every act about the person locks."""

    __tablename__ = "profiles"
    __table_args__ = (
        Index("ix_profiles_agency", "agency_id", "id"),
        Index("ix_profiles_chapter", "chapter", "id"),
        Index("ix_profiles_pending", "agency_id", "id", postgresql_where="pending_revision_id IS NOT NULL"),
        Index("ix_profiles_status", "status", "id"),
        Index(
            "ix_profiles_staff_number",
            "authority_id",
            "staff_number",
            postgresql_where="staff_number IS NOT NULL",
        ),
        Index("ix_profiles_wake", "next_wake_at", postgresql_where="next_wake_at IS NOT NULL"),
        Index(
            "uq_profiles_id_number",
            "authority_id",
            "id_number_index",
            unique=True,
            postgresql_where="chapter <> 'archive'",
        ),
        Index(
            "uq_profiles_id_number_guard",
            "authority_id",
            text("coalesce(id_number_guard, id_number_index)"),
            unique=True,
            postgresql_where="chapter <> 'archive'",
        ),
        Index(
            "ix_profiles_former",
            "authority_id",
            "id_number_index",
            postgresql_where="chapter = 'archive'",
        ),
        Index("ix_profiles_merged", "merged_into", postgresql_where="merged_into IS NOT NULL"),
        CheckConstraint("version >= 0", name="version"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    category: Mapped[str]
    full_name: Mapped[str]
    staff_number: Mapped[str | None]
    id_number_index: Mapped[bytes]
    """Keyed digest of the personal ID number: found by exact value, never read back."""
    id_number_key: Mapped[str | None]
    """The key of the digest; none where it was written before keys were noted."""
    id_number_guard: Mapped[bytes | None]
    """The digest under the former key, while keys change: rows under either are unique together."""
    origin: Mapped[str | None]
    """How it began: recruited or received, as the opening said; none where nobody wrote it down."""
    chapter: Mapped[str]
    status: Mapped[str]
    version: Mapped[int]
    revision_number: Mapped[int]
    """Number of the newest revision; the ETag of the form."""
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    approved_revision_id: Mapped[UUID | None]
    pending_revision_id: Mapped[UUID | None]
    synced_revision_id: Mapped[UUID | None]
    """The revision the national database holds."""
    case_id: Mapped[UUID | None]
    foretold: Mapped[list[Any]]
    """Dates the approved form foretells, as ``[kind, iso date]`` pairs in order."""
    next_wake_at: Mapped[datetime | None]
    disposed_at: Mapped[datetime | None]
    """When its content was destroyed by an approved act; the row is the tombstone."""
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("profiles.id"))
    """The profile of the same person it was closed into, never one that is merged itself."""
    last_event: Mapped[int]
    last_hash: Mapped[str]
    created_at: Mapped[datetime]


class RevisionRow(Table):
    """A snapshot of the form: immutable once submitted; its hash is what an approver signs."""

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("profile_id", "number"),
        CheckConstraint(
            "state IN ('draft', 'submitted', 'signing', 'returned', 'approved', 'superseded')", name="state"
        ),
        Index("ix_revisions_submitted", "profile_id", postgresql_where="state = 'submitted'"),
        Index(
            "ix_revisions_waiting",
            "authority_id",
            "submitted_at",
            "profile_id",
            postgresql_where="state = 'submitted'",
        ),
        Index("uq_revisions_draft", "profile_id", unique=True, postgresql_where="state = 'draft'"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    number: Mapped[int]
    based_on: Mapped[int | None]
    form_version: Mapped[str]
    content: Mapped[dict[str, Any]]
    """The fields anyone in scope may read; the fields marked E are in ``sealed``."""
    sealed: Mapped[bytes]
    key_id: Mapped[str]
    digest: Mapped[str]
    """SHA-256 of the canonical JSON (RFC 8785) of the whole content."""
    state: Mapped[str]
    author_id: Mapped[UUID]
    evidence: Mapped[list[Any]]
    """SHA-256 of the attachments that prove the change."""
    returned_fields: Mapped[list[Any] | None]
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]


class NationalRecordRow(Table):
    """A person's record as the national database gave it on a day, and what became of each of its fields."""

    __tablename__ = "national_records"
    __table_args__ = (
        UniqueConstraint("command_id"),
        CheckConstraint("state IN ('fetched', 'used')", name="state"),
        Index("ix_national_records_profile", "profile_id", "fetched_at"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    command_id: Mapped[UUID]
    """The command that asked: the reason named to the other side, which writes every look-up down."""
    asked_by: Mapped[UUID]
    fetched_at: Mapped[datetime]
    state: Mapped[str]
    form_version: Mapped[str]
    mapping: Mapped[str]
    national_id: Mapped[UUID]
    held_by: Mapped[str]
    """Identifier of the agency that held the person there; empty between two."""
    status: Mapped[str]
    revision_digest: Mapped[str]
    sealed: Mapped[bytes]
    """The whole content in the words of the form."""
    key_id: Mapped[str]
    filled: Mapped[list[Any]]
    kept: Mapped[list[Any]]
    unfit: Mapped[list[Any]]


class CustodyRow(Table):
    """Which agency holds a profile and since when: exactly one, without gap or overlap."""

    __tablename__ = "custody"
    __table_args__ = (
        UniqueConstraint("profile_id", "ends_on", name="uq_custody_profile_id_ends_on"),
        # Each link starts where one before it ended, and nothing else starts there: no gap, no branch.
        UniqueConstraint("profile_id", "follows", name="uq_custody_profile_id_follows"),
        ForeignKeyConstraint(
            ["profile_id", "follows"],
            ["custody.profile_id", "custody.ends_on"],
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint("follows IS NULL OR follows = starts_on", name="follows"),
        # Only the first link may be empty: opened and moved on the same day.
        CheckConstraint(
            "ends_on IS NULL OR ends_on > starts_on OR (follows IS NULL AND ends_on = starts_on)",
            name="period",
        ),
        Index("uq_custody_open", "profile_id", unique=True, postgresql_where="ends_on IS NULL"),
        Index("uq_custody_first", "profile_id", unique=True, postgresql_where="follows IS NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    follows: Mapped[date | None]
    case_id: Mapped[UUID | None]


class AttachmentRow(Table):
    """A file that proves a declared fact; its bytes lie in the documents store under their hash."""

    __tablename__ = "attachments"
    __table_args__ = (
        UniqueConstraint("profile_id", "sha256"),
        CheckConstraint("(certified_by IS NULL) = (certified_on IS NULL)", name="certified"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    sha256: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str]
    kind: Mapped[str]
    uploaded_by: Mapped[UUID]
    uploaded_at: Mapped[datetime]
    original_sha256: Mapped[str | None]
    """Of what was sent, where it was kept otherwise or is known; the kept file's is ``sha256``."""
    original_size: Mapped[int | None]
    width: Mapped[int | None]
    """Pixels of a picture, as those of `height`."""
    height: Mapped[int | None]
    pages: Mapped[int | None]
    turned: Mapped[bool] = mapped_column(server_default="false")
    removed: Mapped[list[Any]] = mapped_column(server_default="[]")
    """What stood beside a picture and was not kept: exif, location, xmp, other."""
    findings: Mapped[list[Any]] = mapped_column(server_default="[]")
    """What a reader of a PDF should know: embedded-file, submit-form, multimedia and the like."""
    signatures: Mapped[int] = mapped_column(server_default="0")
    certified_by: Mapped[str | None]
    """The authority that certified the paper of which it is the digitised copy."""
    certified_on: Mapped[date | None]


class UploadRow(Table):
    """An upload that may be interrupted (tus 1.0): how much has come, and until when it is waited for."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("received BETWEEN 0 AND length", name="received"),
        Index("ix_uploads_expiry", "authority_id", "expires_at"),
        Index("ix_uploads_account", "account_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    account_id: Mapped[UUID]
    length: Mapped[int]
    received: Mapped[int]
    media_type: Mapped[str]
    kind: Mapped[str]
    certified_by: Mapped[str | None]
    certified_on: Mapped[date | None]
    sha256: Mapped[str | None]
    """Of the attachment it became."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class UploadPartRow(Table):
    """Bytes of an unfinished upload, sealed; gone with it."""

    __tablename__ = "upload_parts"
    __table_args__ = (UniqueConstraint("upload_id", "starts_at"),)
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"))
    starts_at: Mapped[int]
    sealed: Mapped[bytes]
    key_id: Mapped[str]


class ApprovalRow(Table):
    """A signature over one revision by a competent person, and what made it competent."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("ix_approvals_profile", "profile_id"),
        Index("ix_approvals_document", "document_sha256", postgresql_where="document_sha256 IS NOT NULL"),
        Index("uq_approvals_signing", "revision_id", unique=True, postgresql_where="state = 'signing'"),
        CheckConstraint("state IN ('signing', 'signed', 'failed')", name="state"),
        CheckConstraint("step >= 0", name="step"),
        CheckConstraint("(list_id IS NULL) = (list_row IS NULL)", name="list"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revisions.id"))
    agency_month_id: Mapped[UUID | None]
    approver_id: Mapped[UUID]
    approver_role: Mapped[str]
    on_behalf_of: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    """Who delegated it, where the approver signs by delegation (hanoi.art6.4.c)."""
    delegation_id: Mapped[UUID | None] = mapped_column(ForeignKey("delegations.id"))
    digest: Mapped[str]
    rule_ids: Mapped[list[Any]]
    rule_set_hash: Mapped[str]
    state: Mapped[str]
    late_days: Mapped[int]
    """Working days after the window, 0 when in time."""
    requested_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    document_sha256: Mapped[str | None]
    certificate: Mapped[str | None]
    """SHA-256 fingerprint of the signer's certificate."""
    step: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    """Which signature of its chain; 0 is the official's own."""
    facts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What the act that follows the signature needs: signature places, what a submission answers."""
    list_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval_lists.id"))
    """The list by whose one signature it was given; then ``document_sha256`` is the list."""
    list_row: Mapped[int | None]
    agency_name: Mapped[str | None]
    """The profile's agency as it was called then; a trigger writes it."""
    authority_name: Mapped[str | None]


class ShareRow(Table):
    """A dated share of access: the host of a secondment reads, custody stays where it is."""

    __tablename__ = "shares"
    __table_args__ = (
        CheckConstraint("kind IN ('secondment')", name="kind"),
        CheckConstraint("state IN ('ahead', 'running', 'ended')", name="state"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("ends_on > starts_on", name="period"),
        CheckConstraint("agency_id <> from_agency_id", name="sides"),
        Index("uq_shares_open", "profile_id", unique=True, postgresql_where="ended_at IS NULL"),
        Index("ix_shares_agency", "agency_id", postgresql_where="ended_at IS NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    kind: Mapped[str]
    from_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    """The host."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The first day without it."""
    document: Mapped[str]
    state: Mapped[str]
    warned: Mapped[int]
    """How many of the notices before its end were given."""
    next_on: Mapped[date]
    """The day it next needs a look."""
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]
