"""``/reorganisations``: plans drafted, previewed, approved, withdrawn; how far each is."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID, uuid5

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi.responses import JSONResponse

from api.intake.lined import read_lines
from api.paging import After, Limit
from api.problems import responses
from api.reading import reorganisation_shapes as shapes
from api.reading import reorganisations as reading
from api.reading.plan_template import plan_template
from api.reading.reorganisation_touched import TouchedLines, What
from api.routers.acting import RESPONSES, Act
from api.scope import ActiveWho, Read
from models.access import Verb, reach
from models.command_reorganisation import (
    AmendReorganisation,
    ApproveReorganisation,
    DraftReorganisation,
    Plan,
    WithdrawReorganisation,
)
from models.errors import RefusedError

REFUSALS = responses("plan-impossible", "not-permitted")
router = APIRouter(prefix="/reorganisations", tags=["Sắp xếp tổ chức"], responses=REFUSALS)
PLAN_BYTES = 5_000_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
State = Literal["drafted", "approved", "executing", "done", "withdrawn"]


@router.post(
    "", operation_id="draftReorganisation", summary="Lập phương án sắp xếp tổ chức", responses=RESPONSES
)
async def draft(act: Act, body: DraftReorganisation) -> JSONResponse:
    """Chưa thay đổi gì trước khi được phê duyệt và tới ngày / nothing changes before its day."""
    return await act.on_reorganisation(uuid5(act.command_id, "reorganisation"), body)


@router.post("/preview", operation_id="previewReorganisation", summary="Xem trước phương án")
async def preview(read: Read, body: Plan) -> shapes.PlanPreview:
    """Đơn vị, người, việc bị tác động; dòng sai; không ghi gì / what it touches; nothing is written."""
    return await reading.preview(read, body)


@router.post(
    "/plan-files",
    operation_id="readPlanFile",
    summary="Đọc tệp phương án / read a plan file",
    responses=responses("plan-unreadable", "import-too-large", "import-unreadable"),
)
async def read_file(
    who: ActiveWho,
    file: Annotated[UploadFile, File(description="YAML hoặc .xlsx theo mẫu / by the template")],
) -> Plan:
    """Phương án để xem trước và lập; không ghi gì / the plan to preview and to draft; nothing is written."""
    there = reach(who.actor, Verb.PLAN_REORGANISATION, who.today)
    if not (there.everywhere or there.subtrees):
        raise RefusedError.of(
            "not-permitted", "Chỉ người lập phương án sắp xếp.", "Only those who plan reorganisations."
        )
    told = await read_lines(file, "plan", PLAN_BYTES, "plan-unreadable")
    return Plan.model_validate(told["plan"])


@router.get(
    "/plan-template",
    operation_id="getPlanTemplate",
    summary="Mẫu bảng tính của phương án",
    response_class=Response,
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def template(_who: ActiveWho) -> Response:
    """Hai trang: căn cứ và nội dung / two sheets: what it stands on, and its lines."""
    made = await asyncio.to_thread(plan_template)
    named = {"Content-Disposition": 'attachment; filename="phuong-an.xlsx"'}
    return Response(made, media_type=XLSX, headers=named)


@router.get("", operation_id="listReorganisations", summary="Các phương án sắp xếp tổ chức")
async def listed(
    read: Read,
    state: Annotated[State | None, Query(title="Trạng thái")] = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.Reorganisations:
    """Phương án liên quan đến phạm vi của người xem, mới nhất trước / the newest first."""
    return await reading.listed(read, state, limit, after)


@router.get("/{reorganisation_id}", operation_id="getReorganisation", summary="Một phương án")
async def one(read: Read, reorganisation_id: UUID) -> shapes.Reorganisation:
    """Nội dung, cảnh báo, tiến độ, phương án hoàn lại / lines, warnings, progress and what undoes it."""
    return await reading.one(read, reorganisation_id)


@router.get(
    "/{reorganisation_id}/preview",
    operation_id="previewDraftedReorganisation",
    summary="Xem trước phương án đã lập",
)
async def preview_drafted(read: Read, reorganisation_id: UUID) -> shapes.PlanPreview:
    """Theo tình hình lúc này / as things stand now."""
    return await reading.preview_of(read, reorganisation_id)


@router.get(
    "/{reorganisation_id}/preview/{what}",
    operation_id="listReorganisationTouched",
    summary="Từng người, từng việc bị tác động",
)
async def touched(
    read: Read, reorganisation_id: UUID, what: What, limit: Limit = 50, after: After = None
) -> TouchedLines:
    """Trong phạm vi của người xem; tên chỉ khi được đọc hồ sơ / names only where the reader may read."""
    return await reading.touched_of(read, reorganisation_id, what, limit, after)


@router.get(
    "/{reorganisation_id}/people", operation_id="listReorganisationPeople", summary="Những người chuyển"
)
async def people(
    read: Read,
    reorganisation_id: UUID,
    state: Annotated[Literal["waiting", "moved", "left"] | None, Query(title="Trạng thái")] = None,
    limit: Limit = 50,
    after: After = None,
) -> shapes.MovedPeople:
    """Theo thứ tự chuyển; trống trước ngày hiệu lực / in the order in which they are moved."""
    return await reading.people(read, reorganisation_id, state, limit, after)


@router.post(
    "/{reorganisation_id}/amendments",
    operation_id="amendReorganisation",
    summary="Sửa phương án chưa tới ngày",
    responses=RESPONSES,
)
async def amend(act: Act, reorganisation_id: UUID, body: AmendReorganisation) -> JSONResponse:
    """Phương án đã phê duyệt phải được phê duyệt lại / an approved one is to be approved anew."""
    return await act.on_reorganisation(reorganisation_id, body)


@router.post(
    "/{reorganisation_id}/approval",
    operation_id="approveReorganisation",
    summary="Phê duyệt phương án",
    responses={**RESPONSES, **responses("warnings-unanswered", "plan-changed", "own-approval")},
)
async def approve(act: Act, reorganisation_id: UUID, body: ApproveReorganisation) -> JSONResponse:
    """Đúng bản đã xem, mỗi cảnh báo có trả lời; không phải người lập / exactly what was read."""
    return await act.on_reorganisation(reorganisation_id, body)


@router.post(
    "/{reorganisation_id}/withdrawal",
    operation_id="withdrawReorganisation",
    summary="Rút phương án",
    responses=RESPONSES,
)
async def withdraw(act: Act, reorganisation_id: UUID, body: WithdrawReorganisation) -> JSONResponse:
    """Trước khi bắt đầu ngày hiệu lực / before its day has begun."""
    return await act.on_reorganisation(reorganisation_id, body)
