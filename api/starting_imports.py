"""Starting an import's workflow: by the request that brought the workbook, or by whoever finds it waiting."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api.starting_once import start_once
from models.database import Scope, transaction
from models.messages import ImportStart
from workflows.workbook_import import ImportWorkflow

_IMPORTS = text("SELECT id FROM imports WHERE state IN ('waiting', 'running') ORDER BY created_at")


def import_workflow(import_id: UUID) -> str:
    """The id of an import's workflow."""
    return f"import/{import_id}"


async def start_import(client: Client, task_queue: str, authority_id: UUID, import_id: UUID) -> bool:
    """Start it once, however often it is asked; answers whether it had to be started.

    Raises:
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    return await start_once(
        client,
        task_queue,
        ImportWorkflow.run,
        ImportStart(authority_id=authority_id, import_id=import_id),
        workflow_id=import_workflow(import_id),
        summary="Nhập dữ liệu từ bảng tính",
        again=False,
    )


async def start_imports(
    client: Client, task_queue: str, database: AsyncEngine, authority_id: UUID
) -> list[str]:
    """Imports that have not ended have their workflow; it goes on where rows say that it stopped."""
    async with transaction(database, Scope(authority_id, everything=True)) as connection:
        found = (await connection.execute(_IMPORTS)).scalars().all()
    return [
        import_workflow(one) for one in found if await start_import(client, task_queue, authority_id, one)
    ]
