"""What is open for a delegate on others' behalf: the part of the digest that no post of its own explains."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.notifications.open_work import Line, OpenWork, Post, merged
from models.access import Delegation, delegables, in_force
from models.record.actors import delegation_of
from models.record.law_of import Laws

_LENT = text(
    "SELECT d.delegate_id, hoso_delegation(d.id, 5) AS standing FROM delegations d"
    " WHERE d.delegate_id = ANY (:accounts) AND d.state = 'granted' AND d.valid_from <= :day"
    " AND d.valid_to > :day ORDER BY d.valid_from, d.id"
)
_BELOW = text(
    "SELECT ancestor_id, descendant_id FROM agency_closure WHERE ancestor_id = ANY (:agencies)"
    " AND valid_to IS NULL"
)

Lent = tuple[tuple[str, Line], ...]
"""What was delegated (a key of the table of delegable rights) and the duties that come with it."""


async def lent_work(
    connection: AsyncConnection,
    laws: Laws,
    day: date,
    found: OpenWork,
    held: Mapping[UUID, Sequence[Post]],
) -> Mapping[UUID, Lent]:
    """The duties each account of `held` meets by delegation on `day`; those of its own posts are left out.

    A delegation counts for what it is worth that day: its dates, a law that allows it, and a delegator who
    still has the right.
    """
    rows = (await connection.execute(_LENT, {"accounts": list(held), "day": day})).all()
    lent = [(row.delegate_id, delegation_of(row.standing)) for row in rows]
    lent = [(account, one) for account, one in lent if in_force(one, day, laws.of(one.agency_id))]
    if not lent:
        return {}
    below: dict[UUID, list[UUID]] = defaultdict(list)
    for row in await connection.execute(_BELOW, {"agencies": sorted({one.agency_id for _, one in lent})}):
        below[row.ancestor_id].append(row.descendant_id)
    received: dict[UUID, list[Delegation]] = defaultdict(list)
    for account, one in lent:
        received[account].append(one)
    return {account: _of(these, below, found, held[account]) for account, these in received.items()}


def _of(
    received: Sequence[Delegation],
    below: Mapping[UUID, Sequence[UUID]],
    found: OpenWork,
    held: Sequence[Post],
) -> Lent:
    """One account's lines; a duty that two delegations cover is counted once."""
    counted: set[tuple[UUID, str, str, str]] = set()
    lines: dict[str, list[Line]] = defaultdict(list)
    for one in received:
        slots = delegables().what[one.what].duties
        for agency in below.get(one.agency_id, ()):
            for role, line in found.duties.get(agency, ()):
                key = (agency, role, line.slot, line.citation)
                if line.slot not in slots or key in counted or found.post_of(agency, role) in held:
                    continue
                counted.add(key)
                lines[one.what].append(line)
    return tuple((what, line) for what in lines for line in merged(lines[what]))
