"""What the national database corrected by itself, as decisions about it see it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Proposal:
    """Fields the national side corrected by itself; one it emptied is in ``fields`` alone."""

    id: UUID
    state: str
    form_version: str
    fields: tuple[str, ...]
    content: dict[str, Any]
