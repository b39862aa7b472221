"""The remedies: an activity tried now, a workflow rebuilt, a command put or a line said again."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetActivityRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api.commands import PATIENCE, Addressed, Engine, put
from api.saying import say
from api.starting import start_of
from models.database import Scope, transaction
from models.errors import IdentifierError, RefusedError

_COMMAND = text(
    "SELECT id, authority_id, verb, workflow_id, subject_id FROM commands WHERE id = :id AND heard_at IS NULL"
)
_LINE = text("SELECT * FROM outbox WHERE id = :id AND sent_at IS NULL")
_SENT = text("UPDATE outbox SET sent_at = coalesce(sent_at, now()) WHERE id = :id")


async def retry(client: Client, database: AsyncEngine, authority_id: UUID, workflow_id: str) -> int:
    """Try a workflow's waiting activities at once, as if for the first time; answers how many there were.

    Raises:
        RefusedError: ``not-found``: nothing of this authority waits there.
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    await _own(database, authority_id, workflow_id)
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise _nothing() from None
        raise
    waiting = [one.activity_id for one in described.raw_description.pending_activities]
    if not waiting:
        raise _nothing()
    for one in waiting:
        request = ResetActivityRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id, run_id=described.run_id),
            identity=client.identity,
            id=one,
        )
        await client.workflow_service.reset_activity(request)
    return len(waiting)


async def _own(database: AsyncEngine, authority_id: UUID, workflow_id: str) -> None:
    """A workflow is its authority's where its rows are."""
    try:
        found = await start_of(database, authority_id, workflow_id)
    except IdentifierError:
        found = None
    if found is None:
        raise _nothing()


async def resend(engine: Engine, database: AsyncEngine, authority_id: UUID, which: UUID | int) -> None:
    """Put a command again (by its id), or say a line of the outbox (by its number), now.

    Raises:
        RefusedError: ``not-found``: it is not there, or was heard; ``engine-unavailable``: no answer came.
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    scope = Scope(authority_id, everything=True)
    async with transaction(database, scope) as connection:
        question = _COMMAND if isinstance(which, UUID) else _LINE
        row = (await connection.execute(question, {"id": which})).one_or_none()
    if row is None:
        raise _nothing()
    if isinstance(which, UUID):
        command = Addressed(row.id, row.authority_id, row.verb, row.workflow_id, row.subject_id)
        if await put(engine, command, PATIENCE) is None:
            raise RefusedError.of("engine-unavailable")
        return
    await say(engine.client, engine.task_queue, row)
    async with transaction(database, scope) as connection:
        await connection.execute(_SENT, {"id": which})


def _nothing() -> RefusedError:
    return RefusedError.of("not-found", "Không có gì đang chờ ở đó.", "Nothing waits there.")
