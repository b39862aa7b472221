"""Closing a month for the authority: how it ended, as a row that answers without the engine (R25)."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from temporalio import activity

from activities.national.trouble import again
from models.database import Scope, transaction
from models.lifecycle.month import OUTSTANDING
from models.messages import MonthOpened, MonthStart
from models.record.tools import Tools

PATIENCE = 20
"""Tries that wait for agencies whose lists close at this same instant; then the month closes without them."""
PAUSE = timedelta(seconds=30)

_AGENCIES = text(
    "SELECT count(*) AS agencies, count(*) FILTER (WHERE listed > 0) AS started,"
    " count(*) FILTER (WHERE state <> 'closed') AS open FROM agency_months WHERE month = :month"
)
_ITEMS = text(
    "SELECT i.state, count(*) AS n FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    " WHERE m.month = :month GROUP BY i.state ORDER BY i.state"
)
_CLOSE = text(
    "UPDATE month_ends SET state = 'closed', closed_at = :now, summary = CAST(:summary AS jsonb)"
    " WHERE month = :month AND state <> 'closed'"
)


async def close_month_end(tools: Tools, start: MonthStart) -> MonthOpened:
    """Record the end; a second time changes nothing.

    Raises:
        ApplicationError: some agencies have not closed their lists yet; the engine asks again.
    """
    info = activity.info()
    async with transaction(tools.engine, Scope(start.authority_id, everything=True)) as connection:
        row = (await connection.execute(_AGENCIES, {"month": start.month})).one()
        if row.open and info.attempt <= PATIENCE:
            raise again("agency-lists-open", PAUSE)
        items = {one.state: one.n for one in await connection.execute(_ITEMS, {"month": start.month})}
        summary: dict[str, Any] = {
            "agencies": row.agencies,
            "with_items": row.started,
            "open": row.open,
            "items": items,
            "left": sum(items.get(state, 0) for state in OUTSTANDING),
        }
        values = {
            "month": start.month,
            "now": info.current_attempt_scheduled_time,
            "summary": json.dumps(summary),
        }
        await connection.execute(_CLOSE, values)
    return MonthOpened(started=row.started, agencies=row.agencies)
