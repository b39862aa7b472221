"""Consents to read beyond one's scope."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class AccessConsentRow(Table):
    """One reader, one file, one purpose, from–to: consented to in writing by the authority (hanoi.art8.3), or
    electronically by the official (nd27.art20.4). A row is answered and ended, never taken away."""

    __tablename__ = "access_consents"
    __table_args__ = (
        CheckConstraint("kind IN ('written', 'electronic')", name="kind"),
        CheckConstraint("state IN ('asked', 'given', 'refused', 'ended')", name="state"),
        CheckConstraint("kind = 'electronic' OR (state <> 'asked' AND document IS NOT NULL)", name="written"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("ends_on > starts_on", name="period"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
        Index("ix_access_consents_profile", "profile_id"),
        Index("ix_access_consents_account", "account_id", postgresql_where="state = 'given'"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    """Who may read."""
    kind: Mapped[str]
    state: Mapped[str]
    purpose: Mapped[str]
    document: Mapped[str | None]
    level: Mapped[int] = mapped_column(SmallInteger)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The first day without it."""
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    rule_id: Mapped[str]
    citation: Mapped[str]
