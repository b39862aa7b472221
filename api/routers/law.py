"""Law loaded, adopted, proclaimed by administrators, each with a preview of what moves; what was loaded."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import responses
from api.reading import law as reading
from api.reading import law_in_force as law_read
from api.routers.acting import RESPONSES, Act
from api.scope import ActiveWho, Asker, Read, tools_of
from models.access import Verb, reach
from models.command_law import AdoptLaw, LawAct, LoadLaw, OpenCampaign, ProclaimYear
from models.database import transaction
from models.errors import RefusedError
from models.record.law_of import LawOf
from models.record.lawgiving import planner_of
from models.record.lawmaking import preview

REFUSALS = responses("law-unfit", "law-not-loadable", "law-known", "not-permitted")
router = APIRouter(tags=["Quy định, lịch"], responses=REFUSALS)


@router.post("/law/loads", operation_id="loadLaw", summary="Nạp văn bản quy định", responses=RESPONSES)
async def load_law(act: Act, body: LoadLaw) -> JSONResponse:
    """Nạp văn bản, hoặc phiên bản mới của văn bản đã nạp / load a regulation or a newer version of one."""
    return await act.on_law(body)


@router.post("/law/loads/preview", operation_id="previewLoadLaw", summary="Xem trước việc nạp văn bản")
async def preview_load(request: Request, who: ActiveWho, body: LoadLaw) -> reading.LawPreview:
    """Nghĩa vụ nào sẽ dời, từ ngày nào sang ngày nào, vì sao; không ghi gì / what would move, and why."""
    return await _preview(request, who, body)


@router.post("/law/adoptions", operation_id="adoptLaw", summary="Tiếp nhận văn bản", responses=RESPONSES)
async def adopt_law(act: Act, body: AdoptLaw) -> JSONResponse:
    """Tiếp nhận văn bản chỉ biết qua nguồn khác / adopt a document known from reports only."""
    return await act.on_law(body)


@router.post("/law/adoptions/preview", operation_id="previewAdoptLaw", summary="Xem trước việc tiếp nhận")
async def preview_adoption(request: Request, who: ActiveWho, body: AdoptLaw) -> reading.LawPreview:
    """Nghĩa vụ nào sẽ dời; không ghi gì / what would move; nothing is written."""
    return await _preview(request, who, body)


@router.post(
    "/calendar/proclamations", operation_id="proclaimYear", summary="Công bố lịch năm", responses=RESPONSES
)
async def proclaim_year(act: Act, body: ProclaimYear) -> JSONResponse:
    """Công bố ngày nghỉ, ngày làm bù của một năm / proclaim a year's days."""
    return await act.on_law(body)


@router.post(
    "/calendar/proclamations/preview", operation_id="previewProclaimYear", summary="Xem trước việc công bố"
)
async def preview_proclamation(request: Request, who: ActiveWho, body: ProclaimYear) -> reading.LawPreview:
    """Nghĩa vụ nào sẽ dời; không ghi gì / what would move; nothing is written."""
    return await _preview(request, who, body)


@router.post(
    "/whole-stock/openings",
    operation_id="openCampaign",
    summary="Mở đợt phê duyệt lần đầu toàn bộ hồ sơ",
    responses=RESPONSES,
)
async def open_campaign(act: Act, body: OpenCampaign) -> JSONResponse:
    """Danh sách của từng cơ quan được lập ngay / every agency's list is made at once."""
    return await act.on_law(body)


@router.get("/law/in-force", operation_id="readLawInForce", summary="Quy định áp dụng cho một đơn vị")
async def law_in_force(
    read: Read,
    agency_id: Annotated[
        UUID | None, Query(title="Đơn vị", description="Bỏ trống: của tài khoản / none: the account's own")
    ] = None,
    on: Annotated[date | None, Query(title="Ngày", description="Bỏ trống: hôm nay / none: today")] = None,
) -> law_read.LawInForce:
    """Văn bản nào áp dụng cho đơn vị vào ngày đó, và vì sao / which texts bind the unit that day, and why."""
    return await law_read.of_unit(read, agency_id or read.who.agency_id, on)


@router.get("/law/loads", operation_id="listLawLoads", summary="Các lần nạp quy định và lịch")
async def list_loads(read: Read) -> reading.LawLoads:
    """Văn bản, ngày áp dụng, người phê duyệt của từng lần nạp / every load with its document and approver."""
    return await reading.loads(read)


@router.get(
    "/law/loads/{load_id}/moves",
    operation_id="listLawMoves",
    summary="Nghĩa vụ một lần nạp đã dời hoặc giữ nguyên",
)
async def list_moves(
    read: Read,
    load_id: UUID,
    limit: Annotated[int, Query(ge=1, le=500, title="Số dòng")] = 100,
    after: Annotated[str | None, Query(max_length=400, title="Trang sau")] = None,
) -> reading.LawMoves:
    """Từ ngày nào sang ngày nào, vì sao, ai phải làm / from when to when, why, and who owes it now."""
    return await reading.moves(read, load_id, limit, after)


async def _preview(request: Request, who: Asker, body: LawAct) -> reading.LawPreview:
    tools = tools_of(request)
    async with transaction(tools.engine, who.scope) as connection:
        await _permitted(connection, request, who)
    return reading.shown(await preview(tools, who.authority_id, planner_of(body)))


async def _permitted(connection: AsyncConnection, request: Request, who: Asker) -> None:
    law, _ = await tools_of(request).law(connection, LawOf.authority(who.authority_id), who.today)
    if not reach(who.actor, Verb.ADMINISTER, who.today, law).everywhere:
        raise RefusedError.of(
            "not-permitted",
            "Chỉ quản trị hệ thống được nạp quy định và lịch.",
            "Only administrators load law and calendar.",
        )
