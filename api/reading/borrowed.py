"""Work that is the asker's by delegation: which duties, and on whose behalf."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from api.scope import Asker, Reading
from models.access import delegables
from models.lifecycle.life import PERSON

if TYPE_CHECKING:
    from api.reading.duties import DutyLine

_BELOW = text(
    "SELECT ancestor_id, descendant_id FROM agency_closure WHERE ancestor_id = ANY (:agencies)"
    " AND valid_to IS NULL"
)
_NAMES = text("SELECT id, display_name FROM accounts WHERE id = ANY (:accounts)")


@dataclass(frozen=True, slots=True)
class Borrowed:
    """The duties that are the asker's by delegation, by slot and agency, with the delegator's name."""

    names: dict[tuple[str, UUID], str]

    def behalf(self, who: Asker, duty: "DutyLine") -> str | None:
        """On whose behalf the asker meets a duty; none where it is not the asker's by delegation alone."""
        if duty.party == PERSON or (duty.party, duty.agency_id) in who.held:
            return None
        return self.names.get((duty.slot, duty.agency_id))


async def borrowed(read: Reading) -> Borrowed:
    """What the asker holds by delegation today, laid out over the tree."""
    lent = read.who.lent
    if not lent:
        return Borrowed({})
    below: dict[UUID, list[UUID]] = {}
    for row in await read.connection.execute(_BELOW, {"agencies": [one.agency_id for one in lent]}):
        below.setdefault(row.ancestor_id, []).append(row.descendant_id)
    givers = [one.delegator.account_id for one in lent]
    names = {row.id: row.display_name for row in await read.connection.execute(_NAMES, {"accounts": givers})}
    return Borrowed(
        {
            (slot, agency_id): names.get(one.delegator.account_id, "")
            for one in lent
            for slot in delegables().what[one.what].duties
            for agency_id in below.get(one.agency_id, ())
        }
    )


def condition(who: Asker) -> tuple[str, dict[str, Any]]:
    """The condition for duties that are the asker's by delegation; empty where nothing is lent."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    for n, one in enumerate(who.lent):
        parts.append(
            f"(d.party <> 'person' AND d.slot = ANY (CAST(:lent_slots{n} AS text[]))"  # noqa: S608 — a number
            " AND d.agency_id IN (SELECT descendant_id FROM agency_closure"
            f" WHERE ancestor_id = :lent_agency{n} AND valid_to IS NULL))"
        )
        values[f"lent_slots{n}"] = [str(slot) for slot in delegables().what[one.what].duties]
        values[f"lent_agency{n}"] = one.agency_id
    return " OR ".join(parts), values
