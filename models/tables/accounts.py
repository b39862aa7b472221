"""Accounts and their sessions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class AccountRow(Table):
    """A personal or agency account (hanoi.art3.6, 3.7); it moves with the person (hanoi.art12.1.a)."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("state IN ('default_password', 'active', 'cancelled')", name="state"),
        CheckConstraint("kind IN ('personal', 'agency', 'service')", name="kind"),
        # One personal account each that may be used; an agency's account may name its holder, who stays one
        # person (R4).
        Index(
            "uq_accounts_profile",
            "profile_id",
            unique=True,
            postgresql_where="kind = 'personal' AND state <> 'cancelled'",
        ),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    kind: Mapped[str]
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    state: Mapped[str]
    profile_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("profiles.id", use_alter=True, deferrable=True, initially="DEFERRED")
    )
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    email_sealed: Mapped[bytes | None]
    email_key: Mapped[str | None]
    created_at: Mapped[datetime]
    failed_logins: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]


class SessionRow(Table):
    """A login: only the hash of its token is kept; revoked at once by deleting the row."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_account", "account_id"),)
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class MailRow(Table):
    """One digest to one person on one day: sent once, kept and retried when it failed (R38)."""

    __tablename__ = "mails"
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[str]
    open_items: Mapped[int]
    attempts: Mapped[int]
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
