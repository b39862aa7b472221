"""Changes of transfers and of an agency's month."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import StringConstraints
from sqlalchemy import text

from api.reading.claims import profile_of
from api.routers.acting import RESPONSES, Act, Acting
from models.commands import (
    AcceptTransfer,
    AskForProfile,
    Body,
    ClaimTransfer,
    HandOver,
    RefuseTransfer,
    ReleaseMonth,
    ReportTransfer,
    SendBackItems,
    WithdrawTransfer,
)
from models.database import transaction
from models.errors import RefusedError
from models.identifiers import agency_month_workflow

transfers = APIRouter(prefix="/transfers", tags=["Chuyển công tác"], responses=RESPONSES)
months = APIRouter(prefix="/agency-months", tags=["Cuối tháng"], responses=RESPONSES)


class Claim(ClaimTransfer):
    """What the new agency knows of the person it has received."""

    personal_id_number: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


@transfers.post("/claims", operation_id="claimTransfer", summary="Cơ quan mới mở việc chuyển")
async def claim(act: Act, body: Claim) -> JSONResponse:
    """Cơ quan mới tiếp nhận người và đề nghị chuyển hồ sơ / the new agency asks for the profile."""
    tools = act.request.app.state.tools
    profile_id = await profile_of(tools, act.who, body.to_agency_id, body.personal_id_number)
    # The number was needed to find the profile; the command does without it.
    asked = ClaimTransfer.model_validate(body.model_dump(exclude={"personal_id_number"}))
    return await act.on_profile(profile_id, asked)


@transfers.post("/{transfer_id}/request", operation_id="askForProfile", summary="Cơ quan mới đề nghị chuyển")
async def ask(act: Act, transfer_id: UUID) -> JSONResponse:
    """Cơ quan mới đề nghị cơ quan cũ chuyển hồ sơ / the new agency asks for the profile."""
    return await act.on_transfer(transfer_id, AskForProfile())


@transfers.post("/{transfer_id}/report", operation_id="reportTransfer", summary="Báo cáo cơ quan quản lý")
async def report(act: Act, transfer_id: UUID, body: ReportTransfer) -> JSONResponse:
    """Cơ quan cũ báo cáo cơ quan có thẩm quyền quản lý / the old agency reports."""
    return await act.on_transfer(transfer_id, body)


@transfers.post("/{transfer_id}/hand-over", operation_id="handOver", summary="Bàn giao hồ sơ, tài khoản")
async def hand_over(act: Act, transfer_id: UUID, body: HandOver) -> JSONResponse:
    """Bàn giao hồ sơ và tài khoản / hand over dossier and account."""
    return await act.on_transfer(transfer_id, body)


@transfers.post("/{transfer_id}/acceptance", operation_id="acceptTransfer", summary="Tiếp nhận")
async def accept(act: Act, transfer_id: UUID) -> JSONResponse:
    """Cơ quan mới tiếp nhận / the new agency receives."""
    return await act.on_transfer(transfer_id, AcceptTransfer())


@transfers.post("/{transfer_id}/refusal", operation_id="refuseTransfer", summary="Từ chối tiếp nhận")
async def refuse(act: Act, transfer_id: UUID, body: RefuseTransfer) -> JSONResponse:
    """Cơ quan mới từ chối, nêu lý do / the new agency refuses."""
    return await act.on_transfer(transfer_id, body)


@transfers.post("/{transfer_id}/withdrawal", operation_id="withdrawTransfer", summary="Rút đề nghị chuyển")
async def withdraw(act: Act, transfer_id: UUID, body: WithdrawTransfer) -> JSONResponse:
    """Cơ quan cũ rút đề nghị / the old agency takes it back."""
    return await act.on_transfer(transfer_id, body)


# A command that was accepted stays its account's to repeat, also where the list is no longer to be seen.
_MONTH = text(
    "SELECT agency_id, month, NULL AS workflow_id FROM agency_months WHERE id = :id"
    " UNION ALL SELECT NULL, NULL, workflow_id FROM commands WHERE id = :command AND subject_id = :id LIMIT 1"
)


async def on_month(
    act: Acting, month_id: UUID, body: Body, *, sent: Body | None = None, **once: str
) -> JSONResponse:
    """Ask the workflow of an agency's month; ``not-found`` where there is none."""
    async with transaction(act.request.app.state.tools.engine, act.who.scope) as connection:
        row = (await connection.execute(_MONTH, {"id": month_id, "command": act.command_id})).one_or_none()
    if row is None:
        raise RefusedError.of("not-found", "Không tìm thấy danh sách tháng này.", "There is no such list.")
    workflow_id = row.workflow_id or agency_month_workflow(row.agency_id, row.month)
    return await act.on_month(workflow_id, month_id, body, sent=sent, **once)


@months.post("/{month_id}/release", operation_id="releaseMonth", summary="Sở Nội vụ phê duyệt dữ liệu đã gửi")
async def release(act: Act, month_id: UUID, body: ReleaseMonth | None = None) -> JSONResponse:
    """Phê duyệt dữ liệu cơ quan đã gửi đồng bộ, tất cả hoặc hồ sơ được chọn / all of it, or the named."""
    return await on_month(act, month_id, body or ReleaseMonth())


@months.post("/{month_id}/returns", operation_id="sendBackItems", summary="Sở Nội vụ trả lại")
async def send_back(act: Act, month_id: UUID, body: SendBackItems) -> JSONResponse:
    """Trả lại hồ sơ trên danh sách, nêu lý do / send items back."""
    return await on_month(act, month_id, body)
