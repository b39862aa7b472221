"""The installation, for those who administer it: backups, pauses of outside parties, maintenance."""

import asyncio
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.problems import responses
from api.reading import backups as reading
from api.reading import service
from api.routers.acting import RESPONSES, Act
from api.scope import Read
from models.command_admin import (
    AnnounceMaintenance,
    LiftMaintenance,
    OrderBackup,
    PauseParty,
    ResumeParty,
)
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
    data = await asyncio.to_thread(store.get, read.who.authority_id, digest)
    return Response(data, media_type="application/pdf")


@router.post(
    "/admin/pauses", operation_id="pauseParty", summary="Tạm dừng một bên ngoài", responses=RESPONSES
)
async def pause_party(act: Act, body: PauseParty) -> JSONResponse:
    """Không gửi gì tới bên đó; việc chờ được giữ, thời hạn vẫn tính / nothing goes there, nothing is lost."""
    return await act.on_administration(body)


@router.post("/admin/resumptions", operation_id="resumeParty", summary="Tiếp tục", responses=RESPONSES)
async def resume_party(act: Act, body: ResumeParty) -> JSONResponse:
    """Việc chờ tiếp tục trong một phút / what waits goes on within a minute, mail at its next round."""
    return await act.on_administration(body)


@router.get("/admin/pauses", operation_id="listPauses", summary="Các lần tạm dừng bên ngoài")
async def list_pauses(read: Read) -> service.PauseList:
    """Đang và đã tạm dừng, mới nhất trước / paused now and before, the newest first."""
    return await service.pauses(read)


@router.post(
    "/admin/maintenance", operation_id="announceMaintenance", summary="Thông báo bảo trì", responses=RESPONSES
)
async def announce_maintenance(act: Act, body: AnnounceMaintenance) -> JSONResponse:
    """Báo trước cho mọi tài khoản; sau đó chỉ đọc / everybody is told; then only reading goes on."""
    return await act.on_administration(body)


@router.post(
    "/admin/maintenance/lifts",
    operation_id="liftMaintenance",
    summary="Huỷ hoặc kết thúc bảo trì sớm",
    responses=RESPONSES,
)
async def lift_maintenance(act: Act, body: LiftMaintenance) -> JSONResponse:
    """Thay đổi được lại ngay / changes are taken again at once."""
    return await act.on_administration(body)


@router.get("/service", operation_id="getService", summary="Bảo trì đã báo, bên ngoài đang tạm dừng")
async def get_service(read: Read) -> service.Service:
    """Cho mọi người / for everybody: when nothing can be changed, and whose answers wait."""
    return await service.now(read)
