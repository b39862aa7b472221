"""Versions of code lists that an authority loaded, or was asked to load."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class CodeListVersionRow(Table):
    """One version of one list: on each day the newest day that has come decides, then the later decision."""

    __tablename__ = "code_list_versions"
    __table_args__ = (
        Index("ix_code_list_versions_in_force", "authority_id", "code_list", "valid_from", "decided_at"),
        Index(
            "uq_code_list_versions_proposed",
            "authority_id",
            "code_list",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
        ),
        CheckConstraint("state IN ('proposed', 'loaded', 'refused')", name="state"),
        CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint("decided_by <> proposed_by", name="another"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    code_list: Mapped[str]
    valid_from: Mapped[date]
    hash: Mapped[str]
    content: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    """Every code of the list, the ended ones too, with the columns of its CSV."""
    document: Mapped[str]
    counts: Mapped[dict[str, Any]]
    """How many codes it adds, renames and ends."""
    state: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    """Why it was not loaded."""
