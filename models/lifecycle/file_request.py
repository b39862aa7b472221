"""A request of the official about the own file, as far as decisions about it need."""

from dataclasses import dataclass
from uuid import UUID

RECTIFICATION, DISPUTE = "rectification", "dispute"


@dataclass(frozen=True, slots=True)
class FileRequest:
    """A correction asked for, or a dispute; ``about`` is the request whose refusal is disputed."""

    id: UUID
    kind: str
    state: str
    path: str
    about: UUID | None
    duty_id: UUID | None
    ended_by: UUID | None
    ended_by_person: UUID | None = None
    """The profile of whoever ended it: two accounts of one person are one."""
