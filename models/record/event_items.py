"""The running lists: what was approved and goes out by an event's clock, one list per agency and month.

A list is opened by what joins it, closes when nothing on it is left, and opens again; what is left at the end
of its month stays on it until it is done, and the month's own list leaves it alone (NĐ 27/2026 art. 19).
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date, start_of_day
from models.identifiers import agency_month_workflow
from models.lifecycle.month import OPEN_END

# One packet's items are fixed with it: what is prepared or sent is waited for.
_OVERTAKEN = text(
    "UPDATE month_items i SET state = 'moved', changed_at = :now FROM agency_months m"
    " WHERE m.id = i.agency_month_id AND m.state <> 'closed' AND i.profile_id = :profile"
    " AND i.state IN ('approved', 'cleared', 'held') AND i.tran_code IS NULL AND i.revision_id <> :revision"
    " RETURNING m.id, m.agency_id, m.month"
)
# What the department sent back before the call waits for a newer revision, not for another look at itself.
_UNDER_WAY = text(
    "SELECT EXISTS (SELECT 1 FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    " WHERE i.profile_id = :profile AND m.state <> 'closed'"
    " AND (i.state = 'sent' OR i.tran_code IS NOT NULL AND i.state IN ('approved', 'cleared')))"
    " OR EXISTS (SELECT 1 FROM (SELECT i.state, m.gate FROM month_items i"
    "   JOIN agency_months m ON m.id = i.agency_month_id WHERE i.profile_id = :profile"
    "   AND i.revision_id = :revision ORDER BY m.opened_at DESC, m.id LIMIT 1) last"
    "   WHERE last.state = 'sent_back' AND last.gate = 'before_outgoing_call')"
)
_AGENT = text("SELECT hoso_sync_agent(:agency)")
_LIST = text(
    "INSERT INTO agency_months (id, authority_id, agency_id, month, kind, state, gate, opens_on, nominal_end,"
    " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :authority, :agency, :name,"
    " 'event', 'open', :gate, :day, :end, :end, :closes, 1, 1, :now, '{}')"
    " ON CONFLICT (agency_id, month) DO UPDATE SET closed_at = NULL, version = agency_months.version + 1,"
    " state = CASE agency_months.state WHEN 'closed' THEN 'open' ELSE agency_months.state END"
)
_ITEM = text(
    "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
    " changed_at) SELECT :id, r.profile_id, r.authority_id, r.id, r.digest, 'approved', :now FROM revisions r"
    " WHERE r.id = :revision"
    " ON CONFLICT (agency_month_id, profile_id) DO UPDATE SET state = 'approved', reason = NULL,"
    " revision_id = excluded.revision_id, digest = excluded.digest, tran_code = NULL, changed_at = :now"
)
_LISTED = text(
    "UPDATE agency_months SET listed = (SELECT count(*) FROM month_items WHERE agency_month_id = :id)"
    " WHERE id = :id"
)
_TELL = text(
    "INSERT INTO outbox (authority_id, workflow_id, payload, created_at)"
    " VALUES (:authority, :workflow, :payload, :now)"
)


async def put(
    connection: AsyncConnection, authority_id: UUID, profile_id: UUID, values: dict[str, Any], now: datetime
) -> None:
    """Put a revision approved now on the running list of whoever synchronises for its agency; tell the list.

    What an earlier approval left unsent on any open list is taken off it: the newer revision holds it too.
    While a packet with an earlier one is under way nothing is put; its receipt does it. An agency for which
    nobody synchronises has no list, as at the month's end.
    """
    about = {"profile": profile_id, "revision": values["revision_id"], "now": now}
    for left in (await connection.execute(_OVERTAKEN, about)).all():
        await _tell(connection, authority_id, left.agency_id, left.month, left.id, now)
    if values["listed"] or await connection.scalar(_UNDER_WAY, about):
        return
    agent = await connection.scalar(_AGENT, {"agency": values["agency_id"]})
    if agent is None:
        return
    name = f"{legal_date(now):%Y-%m}-event"
    wanted = uuid5(agent, f"month:{name}")
    row = {
        "id": wanted,
        "authority": authority_id,
        "agency": agent,
        "name": name,
        "gate": values["gate"],
        "day": legal_date(now),
        "end": OPEN_END,
        "closes": start_of_day(OPEN_END),
        "now": now,
    }
    await connection.execute(_LIST, row)
    await connection.execute(_ITEM, {**about, "id": wanted})
    await connection.execute(_LISTED, {"id": wanted})
    await _tell(connection, authority_id, agent, name, wanted, now)


async def _tell(
    connection: AsyncConnection, authority_id: UUID, agency_id: UUID, name: str, list_id: UUID, now: datetime
) -> None:
    values = {
        "authority": authority_id,
        "workflow": agency_month_workflow(agency_id, name),
        "payload": Jsonb({"month": str(list_id)}),
        "now": now,
    }
    await connection.execute(_TELL, values)
