"""The lists a reorganisation's people stand on: opened where they go, looked after once they are there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import Scope, together, transaction
from models.lifecycle.moving import Reshaping
from models.messages import Ask
from models.record.act import act
from models.record.moving import UNSENT, lists_moved
from models.record.tools import Tools

# Who moves, and who stays in a unit for which another agency synchronises from now on.
_AWAY = text(
    "WITH going AS (SELECT x.profile_id, m.month, m.agency_id, coalesce(i.to_agency_id, p.agency_id) AS unit"
    " FROM month_items x JOIN agency_months m ON m.id = x.agency_month_id AND m.state <> 'closed'"
    " JOIN profiles p ON p.id = x.profile_id LEFT JOIN reorganisation_items i ON i.profile_id = x.profile_id"
    "   AND i.reorganisation_id = :id AND i.state = 'waiting'"
    " WHERE x.state = ANY (:unsent) AND x.tran_code IS NULL"
    " AND (i.profile_id IS NOT NULL OR m.agency_id = ANY (:ended) OR EXISTS (SELECT 1 FROM agency_closure c"
    "   WHERE c.descendant_id = p.agency_id AND c.ancestor_id = ANY (:units)))),"
    " agents AS (SELECT u.unit, hoso_sync_agent(u.unit) AS agent FROM (SELECT DISTINCT unit FROM going) u)"
    " SELECT g.profile_id, g.month, a.agent FROM going g JOIN agents a ON a.unit = g.unit"
    " WHERE a.agent <> g.agency_id AND a.agent <> ALL (:ended) ORDER BY g.month, a.agent"
)
# The same month for other people: dates, kind, gate. One on which nothing was to be done is open again.
_OPENED = text(
    "INSERT INTO agency_months (id, authority_id, agency_id, month, kind, state, gate, opens_on, nominal_end,"
    " rolled_end, closes_at, version, listed, opened_at, summary)"
    " SELECT :list, m.authority_id, :agent, m.month, m.kind, 'open', m.gate, m.opens_on, m.nominal_end,"
    " m.rolled_end, m.closes_at, 0, 0, :now, '{}' FROM agency_months m"
    " WHERE m.month = :month AND m.authority_id = :authority AND m.state <> 'closed' ORDER BY m.id LIMIT 1"
    " ON CONFLICT (agency_id, month) DO UPDATE SET state = 'open', closed_at = NULL, summary = '{}',"
    " version = agency_months.version + 1"
    " WHERE agency_months.state = 'closed' AND agency_months.closes_at > :now"
)
_TOUCHED = text(
    "SELECT m.id, bool_and(x.state = 'moved') AS gone FROM month_items x"
    " JOIN agency_months m ON m.id = x.agency_month_id AND m.state <> 'closed'"
    " LEFT JOIN reorganisation_items i ON i.profile_id = x.profile_id AND i.reorganisation_id = :id"
    " WHERE x.changed_at = i.moved_at OR x.profile_id = ANY (CAST(:rest AS uuid[])) AND x.changed_at = :now"
    " GROUP BY m.id ORDER BY m.id"
)
_COUNTED = text(
    "UPDATE agency_months SET listed = (SELECT count(*) FROM month_items WHERE agency_month_id = :list"
    " AND state <> 'moved') WHERE id = :list"
)
_LOOK = text(
    "INSERT INTO outbox (authority_id, workflow_id, payload, created_at)"
    " SELECT authority_id, 'month-end/' || agency_id || '/' || month, jsonb_build_object('month', id), :now"
    " FROM agency_months WHERE id = :list"
)


async def lists_opened(tools: Tools, authority_id: UUID, reshaping: Reshaping, now: datetime) -> int:
    """Open the lists on which people who move will stand; answers how many are needed."""
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        pairs = {(row.month, row.agent) for row in await _away(connection, reshaping)}
        for month, agent in sorted(pairs):
            opening = {
                "list": uuid5(agent, f"month:{month}"),
                "agent": agent,
                "month": month,
                "authority": authority_id,
                "now": now,
            }
            await connection.execute(_OPENED, opening)
    return len(pairs)


async def _away(connection: AsyncConnection, reshaping: Reshaping) -> Sequence[Any]:
    values = {"id": reshaping.id, "unsent": list(UNSENT), "ended": list(reshaping.heirs)}
    values["units"] = list(reshaping.formerly)
    return (await connection.execute(_AWAY, values)).all()


async def lists_joined(tools: Tools, authority_id: UUID, reshaping: Reshaping, now: datetime) -> int:
    """What is owed for the lists people came to, and no longer for those they left; once for each list.

    Those who stayed in a unit for which somebody else synchronises now join them first.
    """
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        rest = [
            {"profile": str(x.profile_id), "agent": str(x.agent)} for x in await _away(connection, reshaping)
        ]
        if rest:
            await together(connection, [lists_moved(rest, now)])
        asked = {"id": reshaping.id, "rest": [one["profile"] for one in rest], "now": now}
        touched = (await connection.execute(_TOUCHED, asked)).all()
        for row in touched:
            await connection.execute(_LOOK if row.gone else _COUNTED, {"list": row.id, "now": now})
    for row in touched:
        ask = Ask(
            authority_id=authority_id,
            subject="agency_month",
            subject_id=row.id,
            internal="approvals_done" if row.gone else "items_joined",
            now=now,
            facts={"step": f"reorganised:{reshaping.id}"},
            bulk=True,
        )
        await act(tools, ask)
    return len(touched)
