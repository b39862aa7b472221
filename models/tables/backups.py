"""Backups of the installation, in the books of every authority whose rows are in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Table


class BackupRow(Table):
    """One backup: ordered, then found good or damaged by being restored, removed when the law lets it go."""

    __tablename__ = "backups"
    __table_args__ = (
        CheckConstraint("state IN ('ordered', 'good', 'damaged', 'removed')", name="state"),
        CheckConstraint(
            "state = 'ordered' OR (folder IS NOT NULL AND checked_at IS NOT NULL AND made_at IS NOT NULL)",
            name="checked",
        ),
        Index("ix_backups_made_at", "authority_id", "made_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority] = mapped_column(primary_key=True)
    month: Mapped[str]
    state: Mapped[str]
    ordered_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    """Who asked for it; none: the month's own."""
    document: Mapped[str | None]
    rule_id: Mapped[str | None]
    citation: Mapped[str | None]
    ordered_at: Mapped[datetime]
    folder: Mapped[str | None]
    """Its folder's name, below the setting's place."""
    rows: Mapped[int | None] = mapped_column(BigInteger)
    documents: Mapped[int | None] = mapped_column(BigInteger)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    problems: Mapped[list[Any] | None]
    made_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    document_sha256: Mapped[str | None]
    """The signed note of its check."""
    removed_at: Mapped[datetime | None]
