"""Accounts and their sessions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
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
        # Of every kind and state: an act asks for the accounts that name a person as their holder.
        Index("ix_accounts_profile", "profile_id"),
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
    password_changed_at: Mapped[datetime | None]
    """When the holder last chose it; null while a one-time password waits."""
    one_time_until: Mapped[datetime | None]
    """Until when a one-time password opens anything; null for one that was chosen."""
    suspended_at: Mapped[datetime | None]
    """Since when nobody gets in, whatever the password; null where they do."""


class SessionRow(Table):
    """A login: only the hash of its token is kept; revoked at once by deleting the row."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_account", "account_id"),
        Index("uq_sessions_id", "id", unique=True),
    )
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    """What it is listed and ended by; opens nothing."""
    device: Mapped[str | None]
    last_seen_at: Mapped[datetime | None]
    idle_seconds: Mapped[int | None]
    """It ends when nothing was asked for so long; null: only at ``expires_at``."""
    second_factor_at: Mapped[datetime | None]
    must_change: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the password had reached its age when the session was opened."""


class SecondFactorRow(Table):
    """A time-based one-time password (RFC 6238): the sealed secret, and the last step that was accepted."""

    __tablename__ = "second_factors"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    authority_id: Mapped[Authority]
    secret: Mapped[bytes]
    secret_key: Mapped[str]
    begun_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Thirty-second step of the last accepted code: no code is accepted twice."""
    failed: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]


class RecoveryCodeRow(Table):
    """A code that stands in for the second factor once; 80 random bits, so a plain hash is enough."""

    __tablename__ = "recovery_codes"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    used_at: Mapped[datetime | None]


class LoginAddressRow(Table):
    """Failed logins of one network address, under a keyed hash; forgotten after two days."""

    __tablename__ = "login_addresses"
    __table_args__ = (Index("ix_login_addresses_failed_at", "failed_at"),)
    address: Mapped[str] = mapped_column(primary_key=True)
    authority_id: Mapped[UUID] = mapped_column(
        server_default=text("'00000000-0000-0000-0000-000000000000'::uuid")
    )
    """The nil UUID: before anybody is known there is no authority."""
    failed: Mapped[int]
    failed_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class VerifyAskerRow(Table):
    """Files one asker had judged in the running minute, under a keyed hash; forgotten after a day."""

    __tablename__ = "verify_askers"
    __table_args__ = (Index("ix_verify_askers_begun_at", "begun_at"),)
    asker: Mapped[str] = mapped_column(primary_key=True)
    authority_id: Mapped[UUID] = mapped_column(
        server_default=text("'00000000-0000-0000-0000-000000000000'::uuid")
    )
    """The nil UUID: anybody may ask where the installation says so."""
    begun_at: Mapped[datetime]
    taken: Mapped[int]


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
