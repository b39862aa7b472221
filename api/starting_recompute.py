"""Starting the workflow that reckons open duties again, or telling the one that runs."""

from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from models.identifiers import recompute_workflow
from models.messages import RecomputeStart
from workflows.recompute import RecomputeWorkflow

SUMMARY = "Tính lại nghĩa vụ"


async def start_recompute(client: Client, task_queue: str, authority_id: UUID) -> None:
    """Have an authority's open duties reckoned from now on.

    Raises:
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    await client.start_workflow(
        RecomputeWorkflow.run,
        RecomputeStart(authority_id=authority_id),
        id=recompute_workflow(authority_id),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="heard",
        static_summary=SUMMARY,
    )
