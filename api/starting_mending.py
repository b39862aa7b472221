"""Having the closure of the agencies' tree made again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from models.calendar import legal_date
from models.database import Scope, transaction
from models.identifiers import administration_workflow
from models.messages_admin import AdministrationStart
from models.record.ended_ahead import ends_to_see_to
from models.record.tree import behind, lines_apart
from workflows.administration import AdministrationWorkflow


async def mended(
    client: Client, task_queue: str, database: AsyncEngine, authority_id: UUID, now: datetime
) -> list[str]:
    """The closure made of the tree once more and compared; where it is apart, or agencies' rows are of
    another day, the worker makes both again, and sees to ends decided ahead. Answers the workflow's id."""
    today = legal_date(now)
    async with transaction(database, Scope(authority_id, everything=True, on=today)) as connection:
        apart = bool(await lines_apart(connection)) or await behind(connection, today)
        apart = apart or await ends_to_see_to(connection, today)
    return [await start_mending(client, task_queue, authority_id)] if apart else []


async def start_mending(client: Client, task_queue: str, authority_id: UUID) -> str:
    """Tell the workflow that answers an authority's administrators; answers its id.

    Raises:
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    workflow_id = administration_workflow(authority_id)
    await client.start_workflow(
        AdministrationWorkflow.run,
        AdministrationStart(authority_id=authority_id),
        id=workflow_id,
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="mend_tree",
        static_summary="Quản trị hệ thống",
    )
    return workflow_id
