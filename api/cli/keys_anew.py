"""Sleeping runs begun anew after the codec key changed, so that the former key is needed by none of them.

What the engine keeps is sealed under the key of the day it was written, and a profile may sleep for months.
Everything a workflow knows stands in rows, so a run that sleeps is stopped and started from them under the
new key: the same as `hoso engine rebuild` for one. A run that is at work is left alone; ask again later.
"""

from collections import Counter
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api.starting import rebuild, start_of
from models.errors import HosoError, IdentifierError, RefusedError

ANEW, BUSY, FOREIGN, FORGOTTEN = "anew", "busy", "foreign", "forgotten"


async def begin_anew(
    client: Client, queue: str, database: AsyncEngine, authorities: list[UUID], before: datetime
) -> Counter[str]:
    """Every sleeping run of this task queue that began before an instant; answers what became of each.

    ``busy``: an activity waits in it, or a message is being worked on; ``foreign``: no rows stand behind it,
    which `hoso reconcile` looks at.

    Raises:
        HosoError: the engine keeps no lists.
        RPCError, RuntimeError: the engine is away.
    """
    done: Counter[str] = Counter()
    async for run in client.list_workflows(_query(queue, before, "=")):
        described = await client.get_workflow_handle(run.id, run_id=run.run_id).describe()
        raw = described.raw_description
        if raw.pending_activities or raw.HasField("pending_workflow_task"):
            done[BUSY] += 1
            continue
        done[await _one(client, queue, database, authorities, run.id)] += 1
    return done


async def _one(
    client: Client, queue: str, database: AsyncEngine, authorities: list[UUID], workflow_id: str
) -> str:
    for authority_id in authorities:
        try:
            if await start_of(database, authority_id, workflow_id) is None:
                continue
            await rebuild(client, queue, database, authority_id, workflow_id)
        except (IdentifierError, RefusedError):
            continue
        return ANEW
    return FOREIGN


async def forget_closed(client: Client, queue: str, before: datetime) -> Counter[str]:
    """Delete the histories of runs that are over and began before an instant: what they say is in our events.

    Raises:
        RPCError, RuntimeError: the engine is away.
    """
    done: Counter[str] = Counter()
    async for run in client.list_workflows(_query(queue, before, "!=")):
        which = WorkflowExecution(workflow_id=run.id, run_id=run.run_id)
        request = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=which)
        try:
            await client.workflow_service.delete_workflow_execution(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        done[FORGOTTEN] += 1
    return done


def _query(queue: str, before: datetime, running: str) -> str:
    if "'" in queue:
        raise HosoError("HOSO_TASK_QUEUE: không dùng được dấu nháy / no quotes")
    since = f"TaskQueue = '{queue}' AND StartTime < '{before.isoformat()}'"
    return f"ExecutionStatus {running} 'Running' AND {since}"
