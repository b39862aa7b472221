"""Rule sets and calendars as they were loaded, each read once: under its hash none ever changes."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar
from models.regulations import Policy, RuleSet, load_policy

_RULES = text("SELECT content FROM rule_sets WHERE authority_id = :authority AND hash = :hash")
_YEARS = text("SELECT content FROM calendars WHERE authority_id = :authority AND hash = :hash")


@dataclass(slots=True)
class Shelf:
    """One per process."""

    policy: Policy = field(default_factory=load_policy)
    _laws: dict[tuple[UUID, str], RuleSet] = field(default_factory=dict)
    _calendars: dict[tuple[UUID, str], Calendar] = field(default_factory=dict)

    async def rules(self, connection: AsyncConnection, authority_id: UUID, content: str) -> RuleSet:
        """The rule set under a hash. Raises LookupError for one that this authority never loaded."""
        key = (authority_id, content)
        if key not in self._laws:
            found = await connection.scalar(_RULES, {"authority": authority_id, "hash": content})
            self._laws[key] = RuleSet.from_json(_known(found, content))
        return self._laws[key]

    async def years(self, connection: AsyncConnection, authority_id: UUID, content: str) -> Calendar:
        """The calendar under a hash. Raises LookupError for one that this authority never loaded."""
        key = (authority_id, content)
        if key not in self._calendars:
            found = await connection.scalar(_YEARS, {"authority": authority_id, "hash": content})
            self._calendars[key] = Calendar.from_json(_known(found, content))
        return self._calendars[key]


def _known(content: Any | None, key: str) -> Any:
    if content is None:
        raise LookupError(f"nothing is kept under the hash {key}")
    return content
