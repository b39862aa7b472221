"""What the national database said of a person, for the act that takes it over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Pulled:
    """What the national database said of the person, for the act that takes it over."""

    id: UUID
    content: dict[str, Any]
    form_version: str
    asked_by: UUID
    fetched_at: datetime
    held_by: str
    status: str
    digest: str
