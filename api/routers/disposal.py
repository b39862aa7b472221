"""``/disposals`` and ``/profiles/{id}/holds``: the end of an archived file, by two people or not at all."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.paging import After, Limit
from api.reading import disposals
from api.routers.acting import RESPONSES, Act
from api.routers.registers import Asked
from api.scope import Read
from models.command_disposal import ApproveDisposal, EndHold, PlaceHold, ProposeDisposal, WithdrawDisposal

reads = APIRouter(tags=["Lưu trữ"])
acts = APIRouter(prefix="/profiles/{profile_id}", tags=["Lưu trữ"], responses=RESPONSES)


@reads.get("/registers/disposals", operation_id="listDisposals", summary="Sổ hủy hồ sơ / disposals")
async def list_disposals(read: Read, asked: Asked) -> disposals.Disposals:
    """Proposed, withdrawn and carried out, the newest first; what has gone has no name any more."""
    return await disposals.disposals(read, asked)


@reads.get(
    "/disposals/due",
    operation_id="listDueForDisposal",
    summary="Hồ sơ hết thời hạn lưu trữ / files that may go",
)
async def list_due(read: Read, limit: Limit = 50, after: After = None) -> disposals.DueFiles:
    """Không có quy định về thời hạn thì danh sách trống / without a rule on retention nothing is ever due."""
    return await disposals.due(read, limit, after)


@reads.get(
    "/profiles/{profile_id}/holds", operation_id="listHolds", summary="Các lệnh giữ hồ sơ / legal holds"
)
async def list_holds(read: Read, profile_id: UUID) -> list[disposals.LegalHold]:
    """Standing and ended ones, the newest first."""
    return await disposals.holds(read, profile_id)


@acts.post("/holds", operation_id="placeHold", summary="Giữ hồ sơ, không cho hủy / hold the file")
async def place_hold(act: Act, profile_id: UUID, body: PlaceHold) -> JSONResponse:
    """Theo văn bản của cơ quan thanh tra, giải quyết khiếu nại, tố tụng… / while it stands nothing goes."""
    return await act.on_profile(profile_id, body)


@acts.post("/holds/ends", operation_id="endHold", summary="Thôi giữ hồ sơ / end a hold")
async def end_hold(act: Act, profile_id: UUID, body: EndHold) -> JSONResponse:
    """Có hiệu lực ngay / at once; the hold stays written."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/disposals", operation_id="proposeDisposal", summary="Đề nghị hủy hồ sơ hết thời hạn / propose disposal"
)
async def propose_disposal(act: Act, profile_id: UUID, body: ProposeDisposal) -> JSONResponse:
    """Chưa có gì bị hủy trước quyết định / nothing goes before the decision."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/disposals/approvals",
    operation_id="approveDisposal",
    summary="Quyết định hủy hồ sơ / decide the disposal",
)
async def approve_disposal(act: Act, profile_id: UUID, body: ApproveDisposal) -> JSONResponse:
    """Không do người đã đề nghị / never by who proposed it. The content cannot be had again."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/disposals/withdrawals", operation_id="withdrawDisposal", summary="Thôi đề nghị hủy hồ sơ / withdraw it"
)
async def withdraw_disposal(act: Act, profile_id: UUID, body: WithdrawDisposal) -> JSONResponse:
    """Hồ sơ giữ nguyên / the file stays as it is."""
    return await act.on_profile(profile_id, body)
