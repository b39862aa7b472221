"""Dead ends told each morning to who can end them: the HR officer and the head, or those posts above."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.notifications.notices import notify_post
from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle.dead_ends import DeadEnd, by_unit
from models.record.dead_ends import find_dead_ends
from models.record.tools import Tools

KIND = "dead_end"
TOLD = ("hr_officer", "head")

# The nearest agency upwards in which the post is held by somebody who can be reached.
_NEAREST = text(
    "SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = :agency AND c.valid_to IS NULL"
    " AND EXISTS (SELECT 1 FROM grants g JOIN accounts a ON a.id = g.account_id"
    "   WHERE g.agency_id = c.ancestor_id AND g.role = :role AND g.valid_from <= :day"
    "   AND (g.valid_to IS NULL OR g.valid_to > :day) AND a.state = 'active' AND a.suspended_at IS NULL)"
    " ORDER BY c.depth LIMIT 1"
)


async def warn_of_dead_ends(tools: Tools, scope: Scope, now: datetime, *, certificates: bool) -> int:
    """Look and tell; once a week for the same unit and rule as long as it stands. How many there are."""
    async with transaction(tools.engine, scope) as connection:
        found = await find_dead_ends(connection, tools, scope.authority, now, certificates=certificates)
        for (agency_id, rule_id), ends in by_unit(found).items():
            await _tell(connection, scope.authority, agency_id, rule_id, ends, now)
    return len(found)


async def _tell(
    connection: AsyncConnection,
    authority_id: UUID,
    agency_id: UUID,
    rule_id: str,
    ends: Sequence[DeadEnd],
    now: datetime,
) -> None:
    day = legal_date(now)
    year, week, _ = day.isocalendar()
    for role in TOLD:
        values = {"agency": agency_id, "role": role, "day": day}
        reached = await connection.scalar(_NEAREST, values) or agency_id
        await notify_post(
            connection,
            authority_id,
            agency_id=reached,
            role=role,
            kind=KIND,
            once=f"{agency_id}:{rule_id}:{year}-{week}",
            now=now,
            agency=str(agency_id),
            rule=rule_id,
            count=len(ends),
            on=min(one.on for one in ends).isoformat(),
            codes=sorted({why.code for one in ends for why in one.why}),
            proposals=_proposals(ends),
        )


def _proposals(ends: Sequence[DeadEnd]) -> list[dict[str, Any]]:
    """What would end the first of them; the others of the unit mostly wait for the same."""
    return [
        {"remedy": one.remedy, "account": str(one.account_id), "role": one.role, "agency": str(one.agency_id)}
        for one in ends[0].proposals
    ]
