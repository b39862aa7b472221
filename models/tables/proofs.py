"""What proves signatures: certificates, answers, timestamps by content; what keeps one from being made."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table

_KINDS = "kind IN ('approval', 'report', 'list', 'export', 'slip')"


class SignatureMaterialRow(Table):
    """A certificate, an OCSP response, a revocation list or a timestamp token, DER, under its SHA-256."""

    __tablename__ = "signature_materials"
    __table_args__ = (CheckConstraint("kind IN ('certificate', 'ocsp', 'crl', 'timestamp')", name="kind"),)
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("authorities.authority_id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    content: Mapped[bytes]


class SignatureProofRow(Table):
    """What was known when a signature was made; never changed. ``id`` is the approval's or signature's."""

    __tablename__ = "signature_proofs"
    __table_args__ = (
        CheckConstraint(_KINDS, name="kind"),
        CheckConstraint("level IN ('B-B', 'B-T', 'B-LT', 'B-LTA')", name="level"),
        CheckConstraint(
            "(level = 'B-B') = (token IS NULL) AND (token IS NULL) = (stamped_at IS NULL)", name="stamped"
        ),
        Index("ix_signature_proofs_document", "document_sha256"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    kind: Mapped[str]
    document_sha256: Mapped[str]
    content_digest: Mapped[str]
    """SHA-256 of the canonical JSON that was signed."""
    level: Mapped[str]
    certificate: Mapped[str]
    """SHA-256 of the signer's certificate."""
    chain: Mapped[list[Any]]
    """SHA-256 of each certificate from the signer's to the root; empty where nothing was asked."""
    answers: Mapped[list[Any]]
    """SHA-256 of the OCSP responses and lists, the timestamp authority's included."""
    token: Mapped[str | None]
    """SHA-256 of the timestamp in the signature."""
    rule_set_hash: Mapped[str | None]
    delegation_id: Mapped[UUID | None]
    signed_at: Mapped[datetime]
    """The instant the signature states."""
    stamped_at: Mapped[datetime | None]
    """The instant the timestamp authority states."""


class SigningTroubleRow(Table):
    """A signature that waits for somebody else's answer; gone once it is made."""

    __tablename__ = "signing_troubles"
    __table_args__ = (CheckConstraint(_KINDS, name="kind"),)
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    kind: Mapped[str]
    signer_id: Mapped[UUID | None]
    """Whose signature waits."""
    reason: Mapped[str]
    """Code of what keeps it: revocation-unavailable, timestamp-unavailable, token-away …"""
    since: Mapped[datetime]
    tried_at: Mapped[datetime]
    tries: Mapped[int]


class ArchivedFileRow(Table):
    """A file of level B-LTA: its newest form, and until when that proves itself."""

    __tablename__ = "archived_files"
    __table_args__ = (Index("ix_archived_files_ends_at", "authority_id", "ends_at", "document_sha256"),)
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("authorities.authority_id"), primary_key=True)
    document_sha256: Mapped[str] = mapped_column(primary_key=True)
    """The file as it was signed, which approvals name."""
    current_sha256: Mapped[str]
    """The same file with the newest timestamps."""
    ends_at: Mapped[datetime]
    """When the newest timestamp's certificate, or its algorithm, ends."""
    renewals: Mapped[int]
    renewed_at: Mapped[datetime]
    trouble: Mapped[str | None]
    """Why the last attempt to renew it did not succeed."""
    tried_at: Mapped[datetime | None]
