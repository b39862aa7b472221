"""What a decision about an archived file needs beside its life."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold that stands."""

    id: UUID
    document: str


@dataclass(frozen=True, slots=True)
class Archived:
    """Since when the person is gone, what holds the file, and whose accounts proposed its disposal."""

    left_on: date | None
    """The day the newest leaving took effect; none where it was never recorded."""
    holds: tuple[Hold, ...] = ()
    proposer_profile_id: UUID | None = None
    """The person behind the account that proposed it, where it is known."""
    leaving: str | None = None
    """The status the person left with; of a file that was merged, that of the one it was merged into."""
