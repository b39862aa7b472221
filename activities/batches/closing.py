"""Closing a month for the authority: how it ended, as a row that answers without the engine (R25)."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from temporalio import activity
from temporalio.common import WorkflowIDConflictPolicy

from activities.national.trouble import again
from models.database import Scope, transaction
from models.identifiers import reconciliation_workflow
from models.lifecycle.month import OUTSTANDING
from models.messages import MonthOpened, MonthStart
from models.messages_admin import ReconciliationRun
from models.record.comparing import order_after
from models.record.tools import Tools
from workflows.reconciliation import ReconciliationWorkflow

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


async def close_month_end(tools: Tools, task_queue: str | None, start: MonthStart) -> MonthOpened:
    """Record the end, and have both sides compared where policy wants it; a second time changes nothing.

    ``task_queue``: where the comparison runs; none where there is no way to the national database.

    Raises:
        ApplicationError: some agencies have not closed their lists yet; the engine asks again.
    """
    info = activity.info()
    now = info.current_attempt_scheduled_time
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
        values = {"month": start.month, "now": now, "summary": json.dumps(summary)}
        await connection.execute(_CLOSE, values)
        ordered = None
        if task_queue is not None:
            ordered = await order_after(connection, tools, start.authority_id, start.month, now)
    if ordered is not None and task_queue is not None:
        await _compare(start.authority_id, ordered, task_queue, now)
    return MonthOpened(started=row.started, agencies=row.agencies)


async def _compare(authority_id: UUID, reconciliation_id: UUID, task_queue: str, now: datetime) -> None:
    """Start it; what is lost between its row and here, whoever compares rows and engine starts."""
    await activity.client().start_workflow(
        ReconciliationWorkflow.run,
        ReconciliationRun(authority_id=authority_id, reconciliation_id=reconciliation_id, now=now),
        id=reconciliation_workflow(authority_id),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="Đối soát với CSDL quốc gia",
    )
