"""Starting the workflow that renews the archive's timestamps, unless it runs."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from models.evidence.algorithms import current_policy
from models.identifiers import renewal_workflow
from models.messages import RenewalStart
from workflows.renewal import RenewalWorkflow


def looked_until(now: datetime, ahead: timedelta) -> datetime:
    """Files that end before are due; all of them while an algorithm is about to end: its end may be news."""
    over = any(now < end.at <= now + ahead for end in current_policy().ends)
    return datetime.max.replace(tzinfo=UTC) if over else now + ahead


async def start_renewal(
    client: Client, task_queue: str, authority_id: UUID, *, everything: bool = False
) -> str:
    """Have an authority's archive renewed; answers the workflow's id.

    Raises:
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    workflow_id = renewal_workflow(authority_id)
    await client.start_workflow(
        RenewalWorkflow.run,
        RenewalStart(authority_id=authority_id, everything=everything),
        id=workflow_id,
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="Gia hạn dấu thời gian lưu trữ",
    )
    return workflow_id
