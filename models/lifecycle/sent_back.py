"""What the department sent back at its gate, as the profile's own decision needs it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SentBack:
    """The approved revision as the department gave it back, where nobody was asked to mend it so far."""

    list_id: UUID
    """The agency's month on whose list it stood."""
    revision_id: UUID
    number: int
    form: str
    """Version of the form the revision stands on."""
    reason: str
    fields: tuple[str, ...] = ()
    """Paths of the fields that the department named; none where it means the file as a whole."""
