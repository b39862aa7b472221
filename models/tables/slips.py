"""Slips that travel with a dossier: handed over, received, no longer managed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Authority, Id, Table


class SlipRow(Table):
    """One slip of a case, asked for by the act it tells of and made right after it."""

    __tablename__ = "slips"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", name="uq_slips_case_id"),
        CheckConstraint("kind IN ('hand_over', 'receipt', 'end_of_management', 'disposal')", name="kind"),
        CheckConstraint("state IN ('making', 'made', 'failed')", name="state"),
        CheckConstraint(
            "state <> 'made' OR (document_sha256 IS NOT NULL AND made_at IS NOT NULL)", name="made"
        ),
        Index("ix_slips_profile_id", "profile_id"),
        Index("ix_slips_making", "authority_id", "asked_at", postgresql_where="state = 'making'"),
        Index("ix_slips_document", "document_sha256", postgresql_where="document_sha256 IS NOT NULL"),
    )
    id: Mapped[Id]
    authority_id: Mapped[Authority]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id"))
    kind: Mapped[str]
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("slips.id"))
    """The slip whose file it signs as well: a receipt stands on the paper of the hand-over."""
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    """Whose slip it is: who hands over, who receives, who managed the dossier."""
    revision_id: Mapped[UUID | None] = mapped_column(ForeignKey("revisions.id"))
    """The approved data that the dossier held then."""
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    asked_role: Mapped[str]
    signature: Mapped[str]
    """The signature the rule asks for (``regulations.schema.Signature``); ``none_stated``: the agency's seal,
    by policy, where it is at hand."""
    rule_ids: Mapped[list[Any]]
    citation: Mapped[str | None]
    rule_set_hash: Mapped[str]
    state: Mapped[str]
    failure: Mapped[str | None]
    """Why it was not made; of one that was made, why it bears no signature."""
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    document_sha256: Mapped[str | None]
    certificate: Mapped[str | None]
    """SHA-256 of the certificate that signed; none on an unsigned slip."""
