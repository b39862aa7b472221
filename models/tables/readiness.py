"""What each profile lacks before the window, and how many of a unit lack it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class ReadinessRow(Table):
    """One open profile as it stands for the next window; a trigger on ``profiles`` keeps the row there."""

    __tablename__ = "readiness"
    __table_args__ = (Index("ix_readiness_agency", "agency_id", "profile_id"),)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"), primary_key=True)
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    revision_id: Mapped[UUID | None]
    """What would be signed or has been: the revision that waits, else the approved one."""
    marks: Mapped[int]
    """What is met, as bits (``models.lifecycle.readiness``)."""
    faults: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Criterion to pairs of code and place in the form; never a value."""
    measured_at: Mapped[datetime | None]
    """When; null while another revision stands in the place of the measured one."""
    basis: Mapped[str | None]
    """The law and the code lists it was measured by."""


class ReadinessCountRow(Table):
    """How many profiles of a unit carry which marks: the sum over its rows, each a difference."""

    __tablename__ = "readiness_counts"
    __table_args__ = (Index("ix_readiness_counts_agency", "agency_id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    authority_id: Mapped[Authority]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    marks: Mapped[int]
    n: Mapped[int]


class CodeMappingRow(Table):
    """What an old value of a code list was decided to mean; the newest about a value counts."""

    __tablename__ = "code_mappings"
    __table_args__ = (
        Index("ix_code_mappings_old", "authority_id", "code_list", "old", "decided_at"),
        CheckConstraint("length(old) BETWEEN 1 AND 300", name="old"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    code_list: Mapped[str]
    old: Mapped[str]
    """The value as it stands in the forms: an ended code, or a text."""
    code: Mapped[str | None]
    """What it means; none where the decision before was taken back."""
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime]
