"""Dossiers that left the system as electronic documents."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class ExportRow(Table):
    """One export: which revision, for whom and for what, signed by whom (hanoi.art8.4, phu_yen.art7.4).

    Never changed once made; also those that failed stay, so that the log has no gap.
    """

    __tablename__ = "exports"
    __table_args__ = (
        UniqueConstraint("command_id", name="uq_exports_command_id"),
        CheckConstraint("state IN ('making', 'made', 'failed')", name="state"),
        CheckConstraint(
            "state <> 'made' OR (document_sha256 IS NOT NULL AND made_at IS NOT NULL)", name="made"
        ),
        Index("ix_exports_profile", "profile_id", "asked_at"),
        Index("ix_exports_document", "document_sha256", postgresql_where="document_sha256 IS NOT NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    revision_id: Mapped[UUID] = mapped_column(ForeignKey("revisions.id"))
    command_id: Mapped[UUID]
    legal: Mapped[bool]
    """Whether it is signed and so stands for the paper original; otherwise a print of one's own data."""
    purpose: Mapped[str]
    recipient: Mapped[str]
    as_of: Mapped[date]
    """The dossier as approved by the end of this day."""
    digest: Mapped[str]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_role: Mapped[str]
    on_behalf_of: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    delegation_id: Mapped[UUID | None] = mapped_column(ForeignKey("delegations.id"))
    places: Mapped[list[Any]]
    """Who signs, in order: ``authority`` (the person competent) and ``agency`` (its seal)."""
    rule_ids: Mapped[list[Any]]
    citation: Mapped[str | None]
    rule_set_hash: Mapped[str]
    state: Mapped[str]
    failure: Mapped[str | None]
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    document_sha256: Mapped[str | None]
    certificates: Mapped[list[Any]] = mapped_column(server_default="[]")
    """SHA-256 fingerprints of the certificates that signed, in order."""
