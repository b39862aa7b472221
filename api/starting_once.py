"""Starting a workflow that nobody else is to have running: by a request, or by whoever finds it missing."""

from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError


async def start_once(
    client: Client,
    task_queue: str,
    run: Any,
    argument: Any,
    *,
    workflow_id: str,
    summary: str,
    again: bool = True,
) -> bool:
    """Start it unless it runs; answers whether it had to be started. Without ``again``, one that has ended
    stays ended.

    Raises:
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    after = WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
    try:
        await client.start_workflow(
            run,
            argument,
            id=workflow_id,
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=after,
            static_summary=summary,
        )
    except WorkflowAlreadyStartedError:
        return False
    return True
