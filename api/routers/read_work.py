"""``/transfers``, ``/month-ends``, ``/agency-months``, ``/imports``: work that goes beyond one profile."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.paging import After, Limit
from api.reading import imports, months, secondments, signing_troubles, slips, transfers, whole_stock
from api.scope import Read

router = APIRouter(tags=["Việc của cơ quan"])

FewItems = Annotated[int, Query(ge=1, le=100, title="Số hồ sơ mỗi trang")]


@router.get("/transfers", operation_id="listTransfers", summary="Việc chuyển hồ sơ / transfers")
async def list_transfers(
    read: Read,
    state: Annotated[transfers.State | None, Query(title="Trạng thái")] = None,
    running: Annotated[bool | None, Query(title="Đang mở")] = None,
    limit: Limit = 50,
    after: After = None,
) -> transfers.Transfers:
    """From or to the agencies in scope."""
    return await transfers.listed(read, state=state, running=running, limit=limit, after=after)


@router.get("/transfers/{transfer_id}", operation_id="getTransfer", summary="Một việc chuyển / one transfer")
async def get_transfer(read: Read, transfer_id: UUID) -> transfers.Transfer:
    """With what is owed in it and the calls that move it on."""
    return await transfers.one(read, transfer_id)


@router.get(
    "/transfers/{transfer_id}/slips",
    operation_id="listTransferSlips",
    summary="Phiếu chuyển hồ sơ / its slips",
)
async def list_transfer_slips(read: Read, transfer_id: UUID) -> list[slips.SlipLine]:
    """Phiếu bàn giao và tiếp nhận, cả hai bên đều xem được / for both sides, also once it has ended."""
    return await slips.of_transfer(read, transfer_id)


@router.get("/secondments", operation_id="listSecondments", summary="Biệt phái / secondments")
async def list_secondments(
    read: Read,
    state: Annotated[secondments.State | None, Query(title="Trạng thái")] = None,
    limit: Limit = 50,
    after: After = None,
) -> secondments.Secondments:
    """From or to the agencies in scope."""
    return await secondments.listed(read, state=state, limit=limit, after=after)


@router.get("/signing-troubles", operation_id="listSigningTroubles", summary="Chữ ký đang chờ / waiting")
async def list_signing_troubles(read: Read) -> signing_troubles.SigningTroubles:
    """Signatures that a service or token keeps waiting: one's own, or all for an administrator."""
    return await signing_troubles.listed(read)


@router.get("/month-ends", operation_id="listMonthEnds", summary="Kỳ cuối tháng / month ends")
async def list_month_ends(read: Read, limit: Limit = 50, after: After = None) -> months.MonthEnds:
    """Was it done? Answered from the record, whatever the engine does."""
    return await months.month_ends(read, limit, after)


@router.get("/agency-months", operation_id="listAgencyMonths", summary="Danh sách tháng của cơ quan")
async def list_agency_months(
    read: Read,
    month: Annotated[months.Month | None, Query(title="Tháng", description="yyyy-mm")] = None,
    agency: Annotated[UUID | None, Query(title="Cơ quan, đơn vị")] = None,
    below: Annotated[bool, Query(title="Cả đơn vị bên dưới")] = False,
    limit: Limit = 50,
    after: After = None,
) -> months.AgencyMonths:
    """Where the agencies in scope stand."""
    return await months.agency_months(read, month=month, agency=agency, below=below, limit=limit, after=after)


@router.get("/whole-stock", operation_id="getWholeStock", summary="Phê duyệt lần đầu toàn bộ hồ sơ")
async def get_whole_stock(read: Read, limit: Limit = 50, after: After = None) -> whole_stock.WholeStock:
    """How far each agency is with the first approval of its whole stock; an open period, never overdue."""
    return await whole_stock.progress(read, limit, after)


@router.get(
    "/whole-stock/profiles", operation_id="listWholeStock", summary="Hồ sơ trong đợt phê duyệt lần đầu"
)
async def list_whole_stock(
    read: Read,
    agency: Annotated[UUID | None, Query(title="Cơ quan giữ danh sách")] = None,
    standing: Annotated[whole_stock.Standing | None, Query(title="Tình trạng")] = None,
    limit: Limit = 50,
    after: After = None,
) -> whole_stock.StockProfiles:
    """Which profiles are approved, listed, ready, or not ready because nothing was submitted."""
    return await whole_stock.profiles(read, agency=agency, standing=standing, limit=limit, after=after)


@router.get("/agency-months/{month_id}", operation_id="getAgencyMonth", summary="Một danh sách tháng")
async def get_agency_month(
    read: Read,
    month_id: UUID,
    state: Annotated[
        list[months.State] | None,
        Query(title="Trạng thái của hồ sơ", description="Có thể nêu nhiều lần / may be given several times"),
    ] = None,
    limit: FewItems = 50,
    after: After = None,
) -> months.AgencyMonth:
    """The list with what changed since last time and every earlier check, for whoever is about to sign."""
    return await months.agency_month(read, month_id, state, limit, after)


@router.get("/imports/{import_id}", operation_id="getImport", summary="Một lần nhập sổ / one import")
async def get_import(read: Read, import_id: UUID) -> imports.Import:
    """What was read, refused and written."""
    return await imports.one(read, import_id)
