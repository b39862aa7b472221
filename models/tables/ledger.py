"""What was asked, what happened, and who must hear of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class CommandRow(Table):
    """A command as received: durable before anything is done, answered exactly once."""

    __tablename__ = "commands"
    __table_args__ = (
        Index("ix_commands_unheard", "accepted_at", postgresql_where="heard_at IS NULL"),
        Index("ix_commands_subject", "subject_id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID]
    verb: Mapped[str]
    workflow_id: Mapped[str]
    subject_id: Mapped[UUID]
    body: Mapped[bytes]
    """The request body, sealed: it may hold a name or a number."""
    key_id: Mapped[str]
    body_hash: Mapped[str]
    expected_revision: Mapped[int | None]
    accepted_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    """When the session that sent it had last shown its second factor; none where it never had."""
    settled_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    """Since when the engine is known to know: a row may be settled by a worker that died before saying so."""
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None]


class EventRow(Table):
    """Something that happened. Append-only by grants; each stream is a hash chain (R45)."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("stream_id", "number"),
        Index("ix_events_position", "authority_id", "transaction", "position"),
        Index("ix_events_profile", "profile_id", "position"),
        Index("ix_events_delegation", "delegation_id", postgresql_where="delegation_id IS NOT NULL"),
        CheckConstraint("number >= 1", name="number"),
    )
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    transaction: Mapped[int] = mapped_column(BigInteger, FetchedValue())
    """PostgreSQL's transaction id: readers stop below the oldest one still running, so none is missed."""
    authority_id: Mapped[Authority]
    stream_id: Mapped[UUID]
    number: Mapped[int]
    profile_id: Mapped[UUID | None]
    agency_id: Mapped[UUID]
    kind: Mapped[str]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_role: Mapped[str]
    on_behalf_of: Mapped[UUID | None]
    """The account whose right it was, where it was done by delegation."""
    delegation_id: Mapped[UUID | None]
    rule_id: Mapped[str | None]
    citation: Mapped[str | None]
    rule_set_hash: Mapped[str]
    command_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class OutboxRow(Table):
    """A line for another workflow, written with the facts and sent until it was received."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_unsent", "id", postgresql_where="sent_at IS NULL"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    authority_id: Mapped[Authority]
    workflow_id: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class ImportRow(Table):
    """A workbook's import: how far it is, what it counted, and what is wrong with the workbook as a whole."""

    __tablename__ = "imports"
    __table_args__ = (CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),)
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID]
    sha256: Mapped[str]
    dry_run: Mapped[bool]
    state: Mapped[str]
    counts: Mapped[dict[str, Any]]
    issues: Mapped[list[Any]]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ImportLineRow(Table):
    """What became of one line of a workbook; written with what the line wrote, so a restart goes on after it.

    ``issues`` hold places, codes and words, never the cell's value.
    """

    __tablename__ = "import_lines"
    __table_args__ = (
        CheckConstraint("verdict IN ('create', 'update', 'same', 'conflict', 'refused')", name="verdict"),
    )
    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    sheet: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[Authority]
    verdict: Mapped[str]
    subject_id: Mapped[UUID | None]
    """The profile or account it is about; none in a dry run that would create it."""
    issues: Mapped[list[Any]]
