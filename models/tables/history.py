"""The Merkle log of an authority's events: leaves, inner nodes, heads, seals, and how the sealer is."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Day, Table


class LogLeafRow(Table):
    """One event in the log, in the order of commits. Append-only by grants.

    No foreign key to the event: that an event is gone is what the log is there to show.
    """

    __tablename__ = "log_leaves"
    __table_args__ = (UniqueConstraint("position"),)
    authority_id: Mapped[Authority] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Place in the log, from 0."""
    position: Mapped[int] = mapped_column(BigInteger)
    """The event."""
    hash: Mapped[bytes]
    """RFC 6962 leaf hash."""


class LogNodeRow(Table):
    """The root of a complete subtree; only every fourth level is kept, what lies between is reckoned."""

    __tablename__ = "log_nodes"
    authority_id: Mapped[Authority] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes]


class LogHeadRow(Table):
    """The log's root at one size. Each grew from exactly one before it, so the log cannot fork."""

    __tablename__ = "log_heads"
    __table_args__ = (
        ForeignKeyConstraint(["authority_id", "previous_size"], ["log_heads.authority_id", "log_heads.size"]),
        UniqueConstraint("authority_id", "previous_size", postgresql_nulls_not_distinct=True),
        CheckConstraint("size > coalesce(previous_size, 0)", name="grows"),
    )
    authority_id: Mapped[Authority] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    previous_size: Mapped[int | None] = mapped_column(BigInteger)
    root: Mapped[bytes]
    transaction: Mapped[int] = mapped_column(BigInteger)
    """Transaction and position of the last event in it: where the next begins."""
    position: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime]


class LogSealRow(Table):
    """A head that a timestamp authority has witnessed (RFC 3161), and where it was exported to."""

    __tablename__ = "log_seals"
    __table_args__ = (
        ForeignKeyConstraint(["authority_id", "size"], ["log_heads.authority_id", "log_heads.size"]),
        Index("ix_log_seals_unexported", "authority_id", "size", postgresql_where="exported_at IS NULL"),
    )
    authority_id: Mapped[Authority] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    day: Mapped[Day]
    """The legal date on which it was asked for."""
    statement: Mapped[bytes]
    """What was timestamped: canonical JSON of the head and of the sealed head before."""
    token: Mapped[bytes]
    """The RFC 3161 token, DER."""
    sealed_at: Mapped[datetime]
    """The token's own time."""
    exported_at: Mapped[datetime | None]


class SealerRow(Table):
    """How the sealer of an authority is: when it last looked, and what has kept it from sealing."""

    __tablename__ = "sealers"
    authority_id: Mapped[Authority] = mapped_column(primary_key=True)
    looked_at: Mapped[datetime]
    trouble: Mapped[str | None]
    """A code of ``models.history.troubles``; none while all is well."""
    trouble_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
