"""Orders over many people at once, and each item with what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class BulkOrderRow(Table):
    """One order: who asked for what over whom. Its items are frozen with it."""

    __tablename__ = "bulk_orders"
    __table_args__ = (
        CheckConstraint("source IN ('items', 'filter', 'workbook', 'rehearsed', 'undo')", name="source"),
        CheckConstraint("state IN ('waiting', 'running', 'done')", name="state"),
        CheckConstraint("(source IN ('rehearsed', 'undo')) = (follows IS NOT NULL)", name="follows"),
        CheckConstraint("(state = 'done') = (finished_at IS NOT NULL)", name="finished"),
        Index(
            "uq_bulk_orders_undo",
            "follows",
            unique=True,
            postgresql_where="source = 'undo' AND NOT dry_run",
        ),
        Index("ix_bulk_orders_open", "created_at", postgresql_where="state <> 'done'"),
        Index("ix_bulk_orders_account", "account_id", "id"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    verb: Mapped[str]
    """The command each item is; of an undo, the one that takes it back."""
    dry_run: Mapped[bool]
    source: Mapped[str]
    digest: Mapped[str]
    """Of what was sent: the same key with another order is refused."""
    follows: Mapped[UUID | None] = mapped_column(ForeignKey("bulk_orders.id"))
    """The order it takes back, or the dry run that it carries out as it was shown."""
    state: Mapped[str]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class BulkItemRow(Table):
    """One item: its own body as it will be asked for. Its id is the id of its command."""

    __tablename__ = "bulk_items"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("state IN ('waiting', 'done', 'refused')", name="state"),
        CheckConstraint("(state = 'waiting') = (status IS NULL)", name="answered"),
        CheckConstraint("state = 'refused' OR subject_id IS NOT NULL", name="subject"),
        Index("ix_bulk_items_waiting", "order_id", "position", postgresql_where="state = 'waiting'"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("bulk_orders.id"))
    position: Mapped[int]
    source_row: Mapped[int | None]
    """The line of the workbook it came from."""
    profile_id: Mapped[UUID | None]
    """As named by whoever asked; none where a line named nobody they may see."""
    subject_id: Mapped[UUID | None]
    body: Mapped[bytes]
    """The body of its command, sealed."""
    key_id: Mapped[str]
    expected_revision: Mapped[int | None]
    state: Mapped[str]
    status: Mapped[int | None]
    code: Mapped[str | None]
    answer: Mapped[dict[str, Any] | None]
    """The command's answer or refusal; in a dry run what it would be."""
    at: Mapped[datetime | None]
