"""The lists a reorganisation's people stand on: opened where they go, looked after once they are there."""

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import text

from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle.moving import Reshaping
from models.messages import Ask
from models.record.act import act
from models.record.moving import UNSENT
from models.record.tools import Tools

_AWAY = text(
    "SELECT DISTINCT m.month, t.agent FROM reorganisation_items i JOIN month_items x"
    " ON x.profile_id = i.profile_id AND x.state = ANY (:unsent) AND x.tran_code IS NULL"
    " JOIN agency_months m ON m.id = x.agency_month_id AND m.state <> 'closed'"
    " JOIN (SELECT u.id, hoso_sync_agent(u.id) AS agent FROM (SELECT DISTINCT to_agency_id AS id"
    "   FROM reorganisation_items WHERE reorganisation_id = :id) u) t ON t.id = i.to_agency_id"
    " WHERE i.reorganisation_id = :id AND i.state = 'waiting' AND m.agency_id <> t.agent"
    " ORDER BY m.month, t.agent"
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
    "SELECT DISTINCT m.id, m.agency_id, m.month, x.state = 'moved' AS gone FROM reorganisation_items i"
    " JOIN month_items x ON x.profile_id = i.profile_id AND x.changed_at = i.moved_at"
    " JOIN agency_months m ON m.id = x.agency_month_id AND m.state <> 'closed'"
    " WHERE i.reorganisation_id = :id AND i.state = 'moved' ORDER BY m.id"
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
    """Open the lists that people who still wait will stand on; answers how many pairs were looked at."""
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        values = {"id": reshaping.id, "unsent": list(UNSENT)}
        pairs = (await connection.execute(_AWAY, values)).all()
        for row in pairs:
            opening = {
                "list": uuid5(row.agent, f"month:{row.month}"),
                "agent": row.agent,
                "month": row.month,
                "authority": authority_id,
                "now": now,
            }
            await connection.execute(_OPENED, opening)
    return len(pairs)


async def lists_joined(tools: Tools, authority_id: UUID, reshaping: Reshaping, now: datetime) -> int:
    """What is owed for the lists people came to, and no longer for those they left; once for each list."""
    scope = Scope(authority_id, everything=True, on=legal_date(now))
    async with transaction(tools.engine, scope) as connection:
        touched = (await connection.execute(_TOUCHED, {"id": reshaping.id})).all()
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
