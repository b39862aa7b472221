"""Whether anybody has lately seen the master key's copy kept elsewhere open the ring."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.stuck.kinds import Found
from models.calendar import start_of_day
from models.key_ring import KeyRing
from models.lifecycle.escrow import KIND, Proof, unproven
from models.regulations.policy import Escrow

# The authority's own stream, from its end: an index has its numbers.
_PROVEN = text(
    "SELECT u.installed_on, e.at, e.facts ->> 'check_value' AS check_value FROM authorities u"
    " LEFT JOIN LATERAL (SELECT at, facts FROM events WHERE stream_id = u.authority_id AND kind = :kind"
    " ORDER BY number DESC LIMIT 1) e ON true WHERE u.authority_id = :authority"
)


async def proven(connection: AsyncConnection, authority_id: object) -> Row[tuple[object, ...]]:
    """When it was last tried, and since when there is something to try."""
    return (await connection.execute(_PROVEN, {"authority": authority_id, "kind": KIND})).one()


def escrowed(row: Row[tuple[object, ...]], ring: KeyRing, policy: Escrow, now: datetime) -> Iterator[Found]:
    """One finding, from the day on which it should have been tried."""
    proof = Proof(row.at, row.check_value) if row.at is not None else None
    since, why = unproven(proof, ring.check_value, start_of_day(row.installed_on), policy)
    if since < now:
        yield Found("escrow-unproven", since, "", why)
