"""``POST /agencies``: the tree of agencies changed, each time by a decision with its day."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.routers.acting import RESPONSES, Act
from models.command_tree import ChangeAgency, CreateAgency, EndAgency, SetQuota, WithdrawAgencyChange

router = APIRouter(prefix="/agencies", tags=["Cơ quan, đơn vị"], responses=RESPONSES)


@router.post("", operation_id="createAgency", summary="Lập cơ quan, đơn vị")
async def create_agency(act: Act, body: CreateAgency) -> JSONResponse:
    """Từ ngày có hiệu lực, kể cả ngày sắp tới / from its day on, also one to come."""
    return await act.on_administration(body)


@router.post("/changes", operation_id="changeAgency", summary="Đổi tên, mã, cấp trên của cơ quan, đơn vị")
async def change_agency(act: Act, body: ChangeAgency) -> JSONResponse:
    """Chỉ nội dung được nêu thay đổi; tên, mã cũ còn trong lịch sử / what was stays in its history."""
    return await act.on_administration(body)


@router.post("/ends", operation_id="endAgency", summary="Kết thúc cơ quan, đơn vị")
async def end_agency(act: Act, body: EndAgency) -> JSONResponse:
    """Không còn người và đơn vị trực thuộc / with nobody in it and nothing below it."""
    return await act.on_administration(body)


@router.post("/withdrawals", operation_id="withdrawAgencyChange", summary="Rút thay đổi chưa có hiệu lực")
async def withdraw_change(act: Act, body: WithdrawAgencyChange) -> JSONResponse:
    """Trước ngày có hiệu lực / before its day."""
    return await act.on_administration(body)


@router.post("/quotas", operation_id="setAgencyQuota", summary="Đặt biên chế, vị trí việc làm")
async def set_quota(act: Act, body: SetQuota) -> JSONResponse:
    """Từ ngày có hiệu lực; các ngày trước giữ nguyên / from its day on."""
    return await act.on_administration(body)
