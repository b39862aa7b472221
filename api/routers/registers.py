"""``/registers``, ``/breaches`` and what officials ask about their files."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from api.paging import After, Limit
from api.reading import breaches, disposals, merges, requests
from api.reading.registers import REGISTERS, Filter, workbook
from api.routers.acting import RESPONSES, Act
from api.scope import Read
from models.command_registers import (
    AddToBreach,
    AnswerRectification,
    CloseBreach,
    DecideDispute,
    IssueBreachNotice,
    NotifyBreach,
    OpenDispute,
    RecordBreach,
    RequestRectification,
    WithdrawRequest,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Name = Literal["requests", "consents", "exports", "breaches", "disposals", "merges"]
reads = APIRouter(tags=["Sổ theo dõi"])
acts = APIRouter(tags=["Sổ theo dõi"], responses=RESPONSES)


def asked_for(
    agency: Annotated[UUID | None, Query(title="Cơ quan, đơn vị và các đơn vị dưới nó")] = None,
    state: Annotated[str | None, Query(max_length=20, pattern="^[a-z]+$", title="Trạng thái")] = None,
    kind: Annotated[str | None, Query(max_length=30, pattern="^[a-z_]+$", title="Loại")] = None,
    since: Annotated[date | None, Query(title="Từ ngày")] = None,
    until: Annotated[date | None, Query(title="Đến hết ngày")] = None,
    late: Annotated[bool | None, Query(title="Trễ hạn")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Filter:
    """What of a register is asked for."""
    return Filter(agency, state, kind, since, until, late, limit, after)


Asked = Annotated[Filter, Depends(asked_for)]


@reads.get("/registers/requests", operation_id="listRequests", summary="Sổ yêu cầu sửa dữ liệu, khiếu nại")
async def list_requests(read: Read, asked: Asked) -> requests.RequestRegister:
    """Corrections and disputes of the files in scope, the newest first."""
    return await requests.register(read, asked)


@reads.get("/registers/consents", operation_id="listConsentRegister", summary="Sổ đồng ý cho xem hồ sơ")
async def list_consent_register(read: Read, asked: Asked) -> requests.ConsentRegister:
    """Consents to read the files in scope, the newest first."""
    return await requests.consents(read, asked)


@reads.get("/registers/exports", operation_id="listExportRegister", summary="Nhật ký xuất hồ sơ")
async def list_export_register(read: Read, asked: Asked) -> requests.ExportRegister:
    """Exports and prints of the files in scope, the newest first."""
    return await requests.exports(read, asked)


@reads.get(
    "/registers/{register}/workbook",
    operation_id="downloadRegister",
    summary="Sổ dưới dạng bảng tính / a register as a workbook",
    response_class=Response,
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_register(read: Read, register: Name, asked: Asked) -> Response:
    """The lines that the same filters give, without pages."""
    beside = {"disposals": disposals.register, "merges": merges.register}
    known = beside[register]() if register in beside else REGISTERS[register]
    made = await workbook(read, known, asked)
    named = {"Content-Disposition": f'attachment; filename="{register}.xlsx"'}
    return Response(made, media_type=XLSX, headers=named)


@reads.get("/breaches", operation_id="listBreaches", summary="Sổ sự cố dữ liệu cá nhân / breaches")
async def list_breaches(read: Read, asked: Asked) -> breaches.BreachRegister:
    """With the hours left, or by how many it is late; the newest first."""
    return await breaches.register(read, asked)


@reads.get("/breaches/{breach_id}", operation_id="getBreach", summary="Một sự cố / one breach")
async def get_breach(read: Read, breach_id: UUID) -> breaches.Breach:
    """With everything that was written of it."""
    return await breaches.one(read, breach_id)


@reads.get(
    "/breaches/{breach_id}/notification",
    operation_id="draftBreachNotification",
    summary="Dự thảo văn bản thông báo sự cố",
    response_class=PlainTextResponse,
)
async def draft_breach_notification(read: Read, breach_id: UUID) -> PlainTextResponse:
    """The text to be numbered, signed and sent by the agency's own document system."""
    made = await breaches.notification_text(read, breach_id)
    named = {"Content-Disposition": 'attachment; filename="thong-bao.txt"'}
    return PlainTextResponse(made, headers=named)


@reads.get(
    "/profiles/{profile_id}/breaches",
    operation_id="listProfileBreaches",
    summary="Sự cố liên quan tới một hồ sơ",
)
async def list_profile_breaches(read: Read, profile_id: UUID) -> list[breaches.OwnBreach]:
    """For the person and for who reads the file."""
    return await breaches.of_profile(read, profile_id)


@reads.get(
    "/profiles/{profile_id}/requests",
    operation_id="listProfileRequests",
    summary="Yêu cầu sửa, khiếu nại về một hồ sơ",
)
async def list_profile_requests(read: Read, profile_id: UUID) -> list[requests.FileRequest]:
    """Asked, answered and withdrawn ones, the newest first."""
    return await requests.of_profile(read, profile_id)


@acts.post("/breaches", operation_id="recordBreach", summary="Ghi nhận sự cố / write a breach down")
async def record_breach(act: Act, body: RecordBreach) -> JSONResponse:
    """Từ lúc phát hiện, thời hạn thông báo tính bằng giờ / the law's hours run from its detection."""
    return await act.on_breach(uuid5(act.command_id, "breach"), body)


@acts.post("/breaches/{breach_id}/facts", operation_id="addToBreach", summary="Bổ sung sự việc")
async def add_to_breach(act: Act, breach_id: UUID, body: AddToBreach) -> JSONResponse:
    """Điều đã ghi không bị thay đổi / what was written before stays."""
    return await act.on_breach(breach_id, body)


@acts.post(
    "/breaches/{breach_id}/notification", operation_id="notifyBreach", summary="Ghi nhận đã gửi thông báo"
)
async def notify_breach(act: Act, breach_id: UUID, body: NotifyBreach) -> JSONResponse:
    """Gửi trễ thì số giờ trễ được giữ lại / by how many hours late stays written."""
    return await act.on_breach(breach_id, body)


@acts.post(
    "/breaches/{breach_id}/notices",
    operation_id="issueBreachNotice",
    summary="Lập văn bản thông báo có ký số / have the notification made under a seal",
)
async def issue_breach_notice(act: Act, breach_id: UUID, body: IssueBreachNotice) -> JSONResponse:
    """Under the seal of the managing department. The file is there a moment later: ``notices`` of the breach
    names it, `GET /documents/{sha256}` gives it. That it was sent is said apart (``notification``)."""
    return await act.on_breach(breach_id, body)


@acts.post("/breaches/{breach_id}/closure", operation_id="closeBreach", summary="Kết thúc xử lý sự cố")
async def close_breach(act: Act, breach_id: UUID, body: CloseBreach) -> JSONResponse:
    """Biện pháp đã làm; hoặc vì sao không phải thông báo / measures, or why nothing was owed."""
    return await act.on_breach(breach_id, body)


@acts.post(
    "/profiles/{profile_id}/rectifications",
    operation_id="requestRectification",
    summary="Yêu cầu sửa dữ liệu của mình / ask for a correction",
)
async def request_rectification(act: Act, profile_id: UUID, body: RequestRectification) -> JSONResponse:
    """Điều không tự sửa được, hoặc đã được phê duyệt / what is not one's own to edit."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/profiles/{profile_id}/rectifications/answers",
    operation_id="answerRectification",
    summary="Trả lời yêu cầu sửa dữ liệu",
)
async def answer_rectification(act: Act, profile_id: UUID, body: AnswerRectification) -> JSONResponse:
    """Chấp nhận thì thành bản nháp để nộp và phê duyệt / accepted, it becomes a draft to be approved."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/profiles/{profile_id}/disputes",
    operation_id="openDispute",
    summary="Khiếu nại về dữ liệu của mình / dispute a value or a decision",
)
async def open_dispute(act: Act, profile_id: UUID, body: OpenDispute) -> JSONResponse:
    """Hồ sơ ghi “đang khiếu nại” tới khi giải quyết / the profile says so until it is decided."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/profiles/{profile_id}/disputes/decisions",
    operation_id="decideDispute",
    summary="Giải quyết khiếu nại về dữ liệu",
)
async def decide_dispute(act: Act, profile_id: UUID, body: DecideDispute) -> JSONResponse:
    """Không do người đã từ chối yêu cầu giải quyết / never by who refused the request."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/profiles/{profile_id}/requests/withdrawals", operation_id="withdrawRequest", summary="Rút yêu cầu"
)
async def withdraw_request(act: Act, profile_id: UUID, body: WithdrawRequest) -> JSONResponse:
    """Do chính người yêu cầu / by the person alone."""
    return await act.on_profile(profile_id, body)
