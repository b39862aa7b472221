"""What stands still according to the engine: failing workflow tasks, activities tried too often, no workers.

Bounded: failing tasks are found by the engine's own mark (`TemporalReportedProblems`, set after two failures
in a row by servers from 1.30); activities have no such mark, so the workflows that rows say are at work are
looked at.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from api.stuck.kinds import Found
from models.identifiers import batch_queue

TRIES = 5
"""Attempts of an activity from which on it is called failing."""
TASKS = 3
"""Attempts of a workflow task, likewise."""
MOST = 200
"""Workflows looked at."""
AT_ONCE = 8
FAILING = (
    "ExecutionStatus = 'Running' AND TemporalReportedProblems IN"
    " ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')"
)
BENIGN = ("receipts-pending", "national-pending", "national-paused", "timestamps-paused", "signers-paused")
"""Why an activity waits by design; what is paused is named by its pause."""
_WORKFLOW = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
_ACTIVITY = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY


async def of_engine(client: Client, task_queue: str, ids: Iterable[str], now: datetime) -> list[Found]:
    """Everything; a workflow in trouble is named once, and each of its activities.

    Raises:
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    failing = await marked(client)
    chosen = list(dict.fromkeys([*failing, *ids]))[:MOST]
    gate = asyncio.Semaphore(AT_ONCE)

    async def looked(workflow_id: str) -> list[Found]:
        async with gate:
            return await of_workflow(client, workflow_id, reported=workflow_id in failing)

    found = [one for part in await asyncio.gather(*map(looked, chosen)) for one in part]
    return [*found, *await absent(client, task_queue, now)]


async def marked(client: Client) -> set[str]:
    """Workflows the engine itself reports; none where it keeps no lists, or knows no such mark."""
    found: set[str] = set()
    try:
        async for one in client.list_workflows(FAILING, limit=MOST):
            found.add(one.id)
    except RPCError as error:
        if error.status not in (RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.INVALID_ARGUMENT):
            raise
    return found


async def of_workflow(client: Client, workflow_id: str, *, reported: bool = False) -> list[Found]:
    """What is wrong with one workflow; nothing where it does not run."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return []
    raw = described.raw_description
    found = list(_activities(workflow_id, raw))
    task = raw.pending_workflow_task
    if raw.HasField("pending_workflow_task") and (reported or task.attempt >= TASKS):
        since = task.original_scheduled_time.ToDatetime(tzinfo=UTC)
        found.insert(
            0, Found("workflow-failing", since, workflow_id, _problem(described), task.attempt, workflow_id)
        )
    return found


def _problem(described: WorkflowExecutionDescription) -> str:
    """What the engine says of it, by its own words; they name causes, never contents."""
    said = described.search_attributes.get("TemporalReportedProblems", ())
    return next((str(one).partition("=")[2] for one in said if str(one).startswith("cause=")), "")


def _activities(workflow_id: str, raw: DescribeWorkflowExecutionResponse) -> Iterable[Found]:
    for one in raw.pending_activities:
        code = one.last_failure.application_failure_info.type
        if one.attempt >= TRIES and code not in BENIGN:
            since = one.scheduled_time.ToDatetime(tzinfo=UTC)
            name = f"{one.activity_type.name}: {code or one.last_failure.WhichOneof('failure_info') or '-'}"
            yield Found("activity-failing", since, one.activity_id, name, one.attempt, workflow_id)


async def absent(client: Client, task_queue: str, now: datetime) -> list[Found]:
    """Kinds of work nobody asks for; an engine that does not say who does is taken at its word."""
    found = []
    own, batches = task_queue, batch_queue(task_queue)
    asked = (("workflows", own, _WORKFLOW), ("activities", own, _ACTIVITY), ("batches", batches, _ACTIVITY))
    for name, queue, kind in asked:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        )
        try:
            answer = await client.workflow_service.describe_task_queue(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.UNIMPLEMENTED:
                raise
            return []
        if not answer.pollers:
            found.append(Found("worker-absent", now, name))
    return found
