"""Certificates of accounts, and signing sessions for keys that are elsewhere."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class CertificateRow(Table):
    """A certificate registered to an account by a recorded act: a signature by it is that account's."""

    __tablename__ = "certificates"
    __table_args__ = (
        CheckConstraint("key_kind IN ('ec', 'rsa')", name="key_kind"),
        CheckConstraint("valid_to > valid_from", name="period"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
        Index(
            "uq_certificates_live",
            "account_id",
            "sha256",
            unique=True,
            postgresql_where="withdrawn_at IS NULL",
        ),
        Index("ix_certificates_sha256", "authority_id", "sha256"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    sha256: Mapped[str]
    certificate: Mapped[bytes]
    """In DER."""
    chain: Mapped[list[Any]]
    """The certificates above it, nearest first, in DER as base64."""
    subject: Mapped[str]
    issuer: Mapped[str]
    serial_number: Mapped[str]
    key_kind: Mapped[str]
    key_bits: Mapped[int]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    document: Mapped[str]
    """What it was registered on: the certificate authority's or the agency's paper."""
    registered_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    registered_at: Mapped[datetime]
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    withdrawn_at: Mapped[datetime | None]
    reason: Mapped[str | None]


def _of_kind(kind: str) -> Computed:
    """The document's id where it is of this kind, so that each kind keeps its foreign key."""
    return Computed(f"CASE WHEN kind = '{kind}' THEN document_id END", persisted=True)


class SigningSessionRow(Table):
    """One document version waiting for one person's signature from outside, until a time."""

    __tablename__ = "signing_sessions"
    __table_args__ = (
        CheckConstraint("how IN ('digest', 'file')", name="how"),
        CheckConstraint(
            "state IN ('preparing', 'open', 'completing', 'done', 'cancelled', 'expired', 'failed')",
            name="state",
        ),
        CheckConstraint(
            "(closed_at IS NULL) = (state IN ('preparing', 'open', 'completing'))", name="closed"
        ),
        CheckConstraint(
            "state NOT IN ('open', 'completing', 'done') OR prepared IS NOT NULL", name="prepared"
        ),
        CheckConstraint("expires_at > opened_at", name="period"),
        CheckConstraint("kind IN ('approval', 'list', 'report', 'export')", name="kind"),
        CheckConstraint(
            "CASE WHEN kind = 'approval'"
            " THEN profile_id IS NOT NULL AND revision_id IS NOT NULL AND revision IS NOT NULL"
            " ELSE subject_id IS NOT NULL AND profile_id IS NULL END",
            name="subject",
        ),
        Index("uq_signing_sessions_open", "profile_id", unique=True, postgresql_where="closed_at IS NULL"),
        Index(
            "uq_signing_sessions_document", "document_id", unique=True, postgresql_where="closed_at IS NULL"
        ),
        Index("ix_signing_sessions_account", "account_id"),
        Index("ix_signing_sessions_subject", "subject_id", postgresql_where="closed_at IS NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    kind: Mapped[str] = mapped_column(server_default="approval")
    """What is signed: ``approval``, ``list``, ``report`` or ``export``."""
    profile_id: Mapped[UUID | None] = mapped_column(ForeignKey("profiles.id"))
    """Of an approval; the others name their ``subject_id``."""
    subject_id: Mapped[UUID | None]
    """Whose act completes it: the agency's month of a list, the report itself, the profile of an export."""
    document_id: Mapped[UUID]
    """The approval, list, report or export whose signature it is."""
    approval_id: Mapped[UUID | None] = mapped_column(_of_kind("approval"), ForeignKey("approvals.id"))
    list_id: Mapped[UUID | None] = mapped_column(_of_kind("list"), ForeignKey("approval_lists.id"))
    report_id: Mapped[UUID | None] = mapped_column(_of_kind("report"), ForeignKey("review_reports.id"))
    export_id: Mapped[UUID | None] = mapped_column(_of_kind("export"), ForeignKey("exports.id"))
    revision_id: Mapped[UUID | None] = mapped_column(ForeignKey("revisions.id"))
    revision: Mapped[int | None]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id"))
    how: Mapped[str]
    """``digest``: a value comes back; ``file``: the whole signed file."""
    mechanism: Mapped[str]
    state: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the one-time token."""
    field: Mapped[str | None]
    prepared: Mapped[str | None]
    """SHA-256 of the prepared bytes: the version that is signed, and no other."""
    attributes: Mapped[bytes | None]
    """What is to be signed, in DER (``digest``)."""
    room_start: Mapped[int | None]
    room_end: Mapped[int | None]
    value: Mapped[str | None]
    """The value that came, in base64, until it was judged."""
    returned: Mapped[str | None]
    """SHA-256 of the file that came."""
    document: Mapped[str | None]
    """SHA-256 of the signed file once it was judged, where its becoming a fact takes longer."""
    opened_by: Mapped[UUID]
    completed_by: Mapped[UUID | None]
    """The command whose signature is being judged, or was accepted."""
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    reason: Mapped[str | None]
