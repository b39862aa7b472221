"""Rule sets, calendars and code lists as loaded, each read once: under its hash none ever changes."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import Calendar
from models.form import Edition, list_of
from models.regulations import Policy, RuleSet, load_policy

_RULES = text("SELECT content FROM rule_sets WHERE authority_id = :authority AND hash = :hash")
_YEARS = text("SELECT content FROM calendars WHERE authority_id = :authority AND hash = :hash")
_LISTS = text(
    "SELECT DISTINCT ON (code_list) code_list, content FROM code_list_versions"
    " WHERE authority_id = :authority AND hash = ANY (:hashes) ORDER BY code_list"
)


@dataclass(slots=True)
class Shelf:
    """One per process."""

    policy: Policy = field(default_factory=load_policy)
    _laws: dict[tuple[UUID, str], RuleSet] = field(default_factory=dict)
    _calendars: dict[tuple[UUID, str], Calendar] = field(default_factory=dict)

    _editions: dict[tuple[UUID, str], Edition] = field(default_factory=dict)

    async def lists(
        self, connection: AsyncConnection, authority_id: UUID, hashes: str | None
    ) -> Edition | None:
        """The code lists under these hashes, comma between them; none where none was ever loaded."""
        if not hashes:
            return None
        key = (authority_id, hashes)
        if key not in self._editions:
            found = await connection.execute(_LISTS, {"authority": authority_id, "hashes": hashes.split(",")})
            lists = {row.code_list: list_of(row.code_list, row.content) for row in found}
            self._editions[key] = Edition(hashes, lists)
        return self._editions[key]

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
