"""Pauses of outside parties, and announced maintenance."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class PartyPauseRow(Table):
    """From when to when nothing was sent to an outside party, by whom and why; never taken away."""

    __tablename__ = "party_pauses"
    __table_args__ = (
        CheckConstraint("party IN ('mail', 'national', 'timestamps', 'signers')", name="party"),
        Index(
            "ix_party_pauses_open",
            "authority_id",
            "party",
            unique=True,
            postgresql_where="resumed_at IS NULL",
        ),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    party: Mapped[str]
    reason: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    paused_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    resumed_at: Mapped[datetime | None]
    resumed_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    """None: it went on by itself."""
    resumed_why: Mapped[str | None]


class MaintenanceRow(Table):
    """A time in which nothing is changed, announced ahead (moha.art4.2); ended early by a lift."""

    __tablename__ = "maintenances"
    __table_args__ = (
        CheckConstraint("announced_at < starts_at AND starts_at < ends_at", name="ahead"),
        Index("ix_maintenances_open", "authority_id", "ends_at", postgresql_where="lifted_at IS NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    document: Mapped[str]
    rule_id: Mapped[str | None]
    citation: Mapped[str | None]
    announced_at: Mapped[datetime]
    announced_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    lifted_why: Mapped[str | None]
