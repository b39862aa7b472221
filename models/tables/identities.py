"""Other ways in: identities at a provider, keys of service accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Table


class IdentityRow(Table):
    """An identity at a provider, under a keyed hash, linked by the person to the own account."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("account_id", "issuer", name="uq_identities_account_id"),)
    identity: Mapped[str] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    issuer: Mapped[str]
    linked_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class IdentitySessionRow(Table):
    """Which session an identity opened, and in which session of the provider's, so that it can end it."""

    __tablename__ = "identity_sessions"
    __table_args__ = (
        Index("ix_identity_sessions_identity", "identity"),
        Index("ix_identity_sessions_sid", "sid"),
    )
    session: Mapped[str] = mapped_column(
        ForeignKey("sessions.token_hash", ondelete="CASCADE"), primary_key=True
    )
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    identity: Mapped[str]
    sid: Mapped[str | None]


class ServiceKeyRow(Table):
    """A public key a service account signs its assertions with (RFC 7523); withdrawn, never deleted."""

    __tablename__ = "service_keys"
    __table_args__ = (Index("ix_service_keys_account_id", "account_id"),)
    kid: Mapped[str] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    document: Mapped[str]
    """Number and date of the document that decided it."""
    registered_at: Mapped[datetime]
    registered_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))


class UsedAssertionRow(Table):
    """An assertion that was accepted, until it would have expired: none is accepted twice."""

    __tablename__ = "used_assertions"
    __table_args__ = (Index("ix_used_assertions_account_id", "account_id"),)
    assertion: Mapped[str] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    expires_at: Mapped[datetime]
