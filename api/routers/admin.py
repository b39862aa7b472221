"""The installation, for those who administer it: backups."""

import asyncio
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.problems import responses
from api.reading import backups as reading
from api.routers.acting import RESPONSES, Act
from api.scope import Read
from models.command_admin import OrderBackup
from models.documents import DocumentStore

router = APIRouter(tags=["Quản trị"], responses=responses("not-permitted"))


@router.post(
    "/admin/backups", operation_id="orderBackup", summary="Yêu cầu sao lưu ngay", responses=RESPONSES
)
async def order_backup(act: Act, body: OrderBackup) -> JSONResponse:
    """Ngoài bản hằng tháng; được khôi phục thử rồi mới tính / beside the month's own; checked, too."""
    return await act.on_administration(body)


@router.get("/admin/backups", operation_id="listBackups", summary="Các bản sao lưu")
async def list_backups(read: Read) -> reading.BackupList:
    """Kết quả khôi phục thử của từng bản / what the check of each one found."""
    return await reading.backups(read)


@router.get(
    "/admin/backups/{backup_id}/note",
    operation_id="readBackupNote",
    summary="Biên bản kiểm tra bản sao lưu",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "PDF đã ký số / sealed"}},
)
async def read_note(request: Request, read: Read, backup_id: UUID) -> Response:
    """Kiểm tra bằng `hoso verify` / checked by `hoso verify`."""
    digest = await reading.note(read, backup_id)
    store: DocumentStore = request.app.state.documents
    return Response(await asyncio.to_thread(store.get, digest), media_type="application/pdf")
