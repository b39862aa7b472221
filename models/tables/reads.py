"""Who looked at whose file."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class DossierReadRow(Table):
    """A reader at a part of somebody else's file within one quarter of an hour; never changed.

    Written in the transaction whose rows are answered, so nothing is given out that is not here. Name, role
    and agency are those of the moment: what an account is called later does not alter who looked.
    """

    __tablename__ = "dossier_reads"
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    reader: Mapped[str]
    role: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    part: Mapped[str]
    """The operation of the API that answered."""
    level: Mapped[int] = mapped_column(SmallInteger)
    """Up to which level of restriction fields were shown."""
    purpose: Mapped[str | None]
    """As the reader stated it; None where the role's own work is the purpose."""
    citation: Mapped[str | None]
    delegation_id: Mapped[UUID | None]
    began_at: Mapped[datetime]
    """The beginning of the quarter of an hour."""
    at: Mapped[datetime]
    """The first read in it."""
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 4", name="level"),
        Index(
            "uq_dossier_reads_slice",
            "profile_id",
            "account_id",
            "began_at",
            "part",
            "role",
            func.coalesce(text("purpose"), text("''")),
            unique=True,
        ),
        Index("ix_dossier_reads_profile", "profile_id", text("at DESC"), text("id DESC")),
    )
