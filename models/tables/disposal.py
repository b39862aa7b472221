"""What keeps a file from being disposed of, and what went with it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class LegalHoldRow(Table):
    """A hold, placed and ended by acts; a row is never taken away."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_document IS NULL)", name="ended"),
        Index("ix_legal_holds_profile", "profile_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    document: Mapped[str]
    reason: Mapped[str]
    placed_at: Mapped[datetime]
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    ended_document: Mapped[str | None]
    ended_reason: Mapped[str | None]


class DisposedFileRow(Table):
    """A document that an approved disposal destroyed: named by rows still, and looked for by nobody."""

    __tablename__ = "disposed_files"
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("authorities.authority_id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"), primary_key=True)
    disposed_at: Mapped[datetime]
