"""``/admin/stuck``: what stands still, and the verbs that help. Facts change by commands only, not here."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from temporalio.client import Client

from api.problems import responses
from api.reading.backups import administers
from api.scope import Read
from api.starting import rebuild
from api.stuck import remedies
from api.stuck.gathering import StuckList, gather
from models.errors import RefusedError
from models.logs import logger

router = APIRouter(prefix="/admin/stuck", tags=["Quản trị"], responses=responses("not-permitted"))
ASKED = responses("not-found", "engine-unavailable")

log = logger("stuck")


class WhichWorkflow(BaseModel):
    """A workflow, by its id."""

    model_config = ConfigDict(extra="forbid")
    workflow_id: Annotated[str, Field(max_length=120, title="Quy trình")]


class WhichMessage(BaseModel):
    """A command, or a line of the outbox; one of both."""

    model_config = ConfigDict(extra="forbid")
    command_id: UUID | None = Field(default=None, title="Lệnh")
    line: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = Field(default=None, title="Số của tin")


class Done(BaseModel):
    """What was done."""

    done: int = Field(title="Số việc đã làm")


@router.get("", operation_id="listStuck", summary="Việc đang tắc và cách xử lý")
async def list_stuck(request: Request, read: Read) -> StuckList:
    """Hỏi cơ sở dữ liệu, máy chủ quy trình và máy này / asks the database, the engine and this machine."""
    await _administers(read)
    state, who = request.app.state, read.who
    return await gather(
        read.tools.engine, state.temporal, state.settings, read.tools.ring, who.authority_id, read.now
    )


@router.post("/retries", operation_id="retryStuck", summary="Thử lại ngay", responses=ASKED)
async def retry_stuck(request: Request, read: Read, body: WhichWorkflow) -> Done:
    """Công việc đang chờ của quy trình được thử lại từ đầu / its waiting activities are tried at once."""
    await _administers(read)
    client = _client(request)
    done = await remedies.retry(client, read.tools.engine, read.who.authority_id, body.workflow_id)
    log.info("stuck.retried", workflow_id=body.workflow_id, account_id=str(read.who.account_id), count=done)
    return Done(done=done)


@router.post("/rebuilds", operation_id="rebuildStuck", summary="Dựng lại một quy trình", responses=ASKED)
async def rebuild_stuck(request: Request, read: Read, body: WhichWorkflow) -> Done:
    """Dừng và khởi động lại từ PostgreSQL; không mất lệnh nào / stopped and started from its rows."""
    await _administers(read)
    queue = request.app.state.settings.task_queue
    client = _client(request)
    await rebuild(client, queue, read.tools.engine, read.who.authority_id, body.workflow_id)
    log.info("stuck.rebuilt", workflow_id=body.workflow_id, account_id=str(read.who.account_id))
    return Done(done=1)


@router.post(
    "/resends",
    operation_id="resendStuck",
    summary="Gửi lại một lệnh hoặc một tin",
    responses=responses("not-found", "engine-unavailable", "malformed-request"),
)
async def resend_stuck(request: Request, read: Read, body: WhichMessage) -> Done:
    """Cùng mã, nên không làm hai lần / under the same id, so nothing happens twice."""
    await _administers(read)
    which = body.command_id if body.command_id is not None else body.line
    if which is None or (body.command_id is not None and body.line is not None):
        raise RefusedError.of(
            "malformed-request",
            "Cần command_id hoặc line, một trong hai.",
            "Give command_id or line, one of both.",
        )
    _client(request)
    await remedies.resend(request.app.state.engine, read.tools.engine, read.who.authority_id, which)
    log.info("stuck.resent", account_id=str(read.who.account_id))
    return Done(done=1)


async def _administers(read: Read) -> None:
    law, _ = await read.own_law()
    administers(read, law)


def _client(request: Request) -> Client:
    client: Client | None = request.app.state.temporal
    if client is None:
        raise RefusedError.of("engine-unavailable")
    return client
