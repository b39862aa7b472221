"""A consent to read a file, as far as decisions about it need."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that one account reads the file; ``ends_on`` is the first day without it."""

    id: UUID
    account_id: UUID
    kind: str
    state: str
    ends_on: date

    def open_on(self, on: date) -> bool:
        """Whether it is given, or waits for an answer, and its days are not over."""
        return self.state in ("asked", "given") and on < self.ends_on
