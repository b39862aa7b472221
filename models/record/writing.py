"""Whose rows are being written: what the special writes need beside their values."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.record.tools import Tools


@dataclass(frozen=True, slots=True)
class Writing:
    """Whose rows are being written, and with which keys."""

    authority_id: UUID
    profile_id: UUID | None
    tools: Tools
    now: datetime
    full_name: str = ""
    account_id: UUID | None = None
