"""Starting the workflow of an order over many people: by its request, or by whoever finds it not over."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api.starting_once import start_once
from models.database import Scope, transaction
from models.identifiers import bulk_workflow
from models.messages_bulk import BulkStart
from workflows.bulk import BulkWorkflow

SUMMARY = "Việc hàng loạt"
_OPEN = text(
    "SELECT id FROM bulk_orders WHERE state <> 'done'"
    " AND (CAST(:before AS timestamptz) IS NULL OR state = 'waiting' AND created_at < :before)"
    " ORDER BY created_at LIMIT 1000"
)


async def start_order(client: Client, task_queue: str, authority_id: UUID, order_id: UUID) -> bool:
    """Start it unless it runs; answers whether it had to be started. Begun again it goes on where it was.

    Raises:
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    start = BulkStart(authority_id=authority_id, order_id=order_id)
    name = bulk_workflow(order_id)
    return await start_once(client, task_queue, BulkWorkflow.run, start, workflow_id=name, summary=SUMMARY)


async def start_orders(
    client: Client,
    task_queue: str,
    database: AsyncEngine,
    authority_id: UUID,
    *,
    before: datetime | None = None,
    told: Collection[UUID] = (),
) -> list[UUID]:
    """Start what is not over; with ``before`` only what still waits since then. Answers what was started."""
    async with transaction(database, Scope(authority_id, everything=True)) as connection:
        found = (await connection.execute(_OPEN, {"before": before})).scalars().all()
    open_orders = [one for one in found if one not in told]
    return [one for one in open_orders if await start_order(client, task_queue, authority_id, one)]
