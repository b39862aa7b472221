"""``/imports``: upload a workbook, for a dry run or for good, and read what became of its lines."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Header, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api.engine_away import ENGINE_AWAY
from api.paging import After, Limit
from api.problems import responses
from api.reading import import_lines
from api.scope import ActiveWho, Asker, Read, tools_of
from api.starting_imports import start_import
from models.access import Verb, reach
from models.database import transaction
from models.documents import blobs_of
from models.errors import RefusedError
from models.identifiers import command_id
from models.logs import logger
from models.record.law_of import LawOf
from models.workbook_guard import check_workbook
from models.workbook_vault import WorkbookVault

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REFUSALS = responses(
    "import-too-large",
    "import-unreadable",
    "key-missing",
    "key-reused",
    "not-permitted",
    "database-unavailable",
)
_AT_ONCE = asyncio.Semaphore(1)
"""One upload is checked at a time: inflating one takes a core for seconds."""

_ACCEPT = text(
    "INSERT INTO imports (id, authority_id, account_id, sha256, dry_run, state, counts, issues, created_at)"
    " VALUES (:id, :authority, :account, :sha256, :dry, 'waiting', '{}', '[]', :now) ON CONFLICT DO NOTHING"
)
_STORED = text("SELECT sha256, dry_run, state FROM imports WHERE id = :id")

log = logger("imports")
router = APIRouter(prefix="/imports", tags=["Nhập dữ liệu"])


class Accepted(BaseModel):
    """An import that was taken on; its address tells how far it is."""

    id: UUID = Field(title="Lần nhập")
    sha256: str = Field(title="SHA-256 của sổ")
    dry_run: bool = Field(title="Chạy thử")
    state: str = Field(title="Trạng thái")


@router.post(
    "",
    status_code=202,
    operation_id="importWorkbook",
    summary="Nhập sổ Excel / import a workbook",
    responses=REFUSALS,
)
async def import_workbook(
    request: Request,
    response: Response,
    who: ActiveWho,
    file: Annotated[UploadFile, File(description="Sổ .xlsx theo mẫu / an .xlsx made from the template")],
    dry_run: Annotated[
        bool, Query(title="Chạy thử", description="Chỉ đánh giá, không ghi / judge only")
    ] = False,
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> Accepted:
    """Take on a workbook: 202 once it and its row are kept. The same key again is the same import."""
    import_id = command_id(who.account_id, key or "")
    await _permitted(request, who)
    settings = request.app.state.settings
    data = await file.read(settings.import_bytes + 1)
    async with _AT_ONCE:
        await asyncio.to_thread(check_workbook, data, settings.import_bytes)
    vault = WorkbookVault(blobs_of(settings), tools_of(request).cipher)
    digest = await asyncio.to_thread(vault.keep, who.authority_id, data)
    stored = await _accept(request, who, import_id, digest, dry_run)
    await _start(request, who, import_id)
    response.headers["Location"] = f"/api/v1/imports/{import_id}"
    return Accepted(id=import_id, sha256=stored.sha256, dry_run=stored.dry_run, state=stored.state)


@router.get(
    "/{import_id}/lines", operation_id="listImportLines", summary="Kết quả từng dòng / the lines of an import"
)
async def list_import_lines(
    read: Read,
    import_id: UUID,
    verdict: Annotated[list[import_lines.Verdict] | None, Query(title="Kết quả")] = None,
    limit: Limit = 50,
    after: After = None,
) -> import_lines.ImportLines:
    """What became of each line, cell by cell where something is wrong."""
    return await import_lines.lines(read, import_id, verdicts=verdict, limit=limit, after=after)


async def _permitted(request: Request, who: Asker) -> None:
    """An import may touch every agency, so the role must span the authority."""
    tools = tools_of(request)
    try:
        async with transaction(tools.engine, who.scope) as connection:
            law, _ = await tools.law(connection, LawOf.authority(who.authority_id), who.today)
    except OperationalError as error:
        raise RefusedError.of("database-unavailable") from error
    if not reach(who.actor, Verb.IMPORT_WORKBOOK, who.today, law).everywhere:
        raise RefusedError.of(
            "not-permitted",
            "Chỉ quản trị hệ thống và công chức của cơ quan quản lý cơ sở dữ liệu được nhập sổ.",
            "Only administrators and officers of the managing department may import workbooks.",
        )


async def _accept(request: Request, who: Asker, import_id: UUID, digest: str, dry_run: bool) -> Any:
    values = {
        "id": import_id,
        "authority": who.authority_id,
        "account": who.account_id,
        "sha256": digest,
        "dry": dry_run,
        "now": who.now,
    }
    try:
        async with transaction(tools_of(request).engine, who.scope) as connection:
            await connection.execute(_ACCEPT, values)
            stored = (await connection.execute(_STORED, {"id": import_id})).one()
    except OperationalError as error:
        raise RefusedError.of("database-unavailable") from error
    if (stored.sha256, stored.dry_run) != (digest, dry_run):
        raise RefusedError.of(
            "key-reused",
            "Idempotency-Key này đã dùng cho một sổ khác.",
            "This Idempotency-Key was used for another workbook.",
        )
    return stored


async def _start(request: Request, who: Asker, import_id: UUID) -> None:
    """Start the workflow; without the engine the import waits in its row, and the relay starts it."""
    state = request.app.state
    try:
        await start_import(state.temporal, state.settings.task_queue, who.authority_id, import_id)
    except ENGINE_AWAY as error:
        log.warning("import.engine_away", import_id=str(import_id), code=type(error).__name__)
