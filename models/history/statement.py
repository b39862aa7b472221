"""What a timestamp authority witnesses: the log of one authority at one size, and what it grew from."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import rfc8785

from models.errors import HosoError

VERSION = 1


class StatementError(HosoError):
    """Bytes that are no statement of ours."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A head as it is sealed, and the sealed head before it (of size 0 and without a root: there is none)."""

    authority_id: UUID
    size: int
    root: bytes
    previous_size: int
    previous_root: bytes | None
    day: date
    """The legal date on which the seal was asked for; the true time is the token's."""
    made_at: datetime
    """When the head was made."""

    def content(self) -> bytes:
        """The bytes that are timestamped: canonical JSON (RFC 8785)."""
        return rfc8785.dumps(
            {
                "version": VERSION,
                "authority_id": str(self.authority_id),
                "size": self.size,
                "root": self.root.hex(),
                "previous_size": self.previous_size,
                "previous_root": self.previous_root.hex() if self.previous_root is not None else None,
                "day": self.day.isoformat(),
                "made_at": self.made_at.astimezone(UTC).isoformat(),
            }
        )


def statement_of(content: bytes) -> Statement:
    """The statement that these bytes are, exactly.

    Raises:
        StatementError: they are not what `Statement.content` would write.
    """
    try:
        found: dict[str, Any] = json.loads(content)
        previous = found["previous_root"]
        statement = Statement(
            authority_id=UUID(found["authority_id"]),
            size=found["size"],
            root=bytes.fromhex(found["root"]),
            previous_size=found["previous_size"],
            previous_root=None if previous is None else bytes.fromhex(previous),
            day=date.fromisoformat(found["day"]),
            made_at=datetime.fromisoformat(found["made_at"]),
        )
        if statement.content() == content:
            return statement
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise StatementError("not a statement about a log")
