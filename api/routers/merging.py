"""``/profiles/{id}/merges``: two profiles of one person, by two people or not at all."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.reading import merges
from api.routers.acting import RESPONSES, Act
from api.routers.registers import Asked
from api.scope import Read
from models.command_merging import ApproveProfileMerge, ProposeProfileMerge, WithdrawProfileMerge

reads = APIRouter(tags=["Hợp nhất hồ sơ trùng"])
acts = APIRouter(prefix="/profiles/{profile_id}", tags=["Hợp nhất hồ sơ trùng"], responses=RESPONSES)


@reads.get("/registers/merges", operation_id="listMerges", summary="Sổ hợp nhất hồ sơ trùng / merges")
async def list_merges(read: Read, asked: Asked) -> merges.Merges:
    """Proposed, withdrawn and carried out, the newest first."""
    return await merges.merges(read, asked)


@reads.get(
    "/profiles/{profile_id}/merges/preview",
    operation_id="previewMerge",
    summary="Xem trước việc hợp nhất / what a merge would do",
)
async def preview_merge(
    read: Read,
    profile_id: UUID,
    survivor_id: Annotated[UUID, Query(title="Hồ sơ được giữ lại")],
    document: Annotated[bool, Query(title="Có văn bản xác nhận hai số là của một người")] = False,
) -> merges.MergePreview:
    """Hai bên có gì, khác gì, gì sẽ chuyển, gì sẽ chấm dứt, vì sao chưa được / changes nothing."""
    return await merges.preview(read, profile_id, survivor_id, "x" if document else None)


@acts.post(
    "/merges", operation_id="proposeProfileMerge", summary="Đề nghị hợp nhất hồ sơ trùng / propose a merge"
)
async def propose_profile_merge(act: Act, profile_id: UUID, body: ProposeProfileMerge) -> JSONResponse:
    """Hồ sơ trong đường dẫn sẽ đóng; chưa có gì thay đổi trước quyết định / nothing changes before it."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/merges/approvals",
    operation_id="approveProfileMerge",
    summary="Quyết định hợp nhất hồ sơ trùng / decide the merge",
)
async def approve_profile_merge(act: Act, profile_id: UUID, body: ApproveProfileMerge) -> JSONResponse:
    """Không do người đã đề nghị / never by who proposed it; it is not taken back, both histories stay."""
    return await act.on_profile(profile_id, body)


@acts.post(
    "/merges/withdrawals",
    operation_id="withdrawProfileMerge",
    summary="Thôi đề nghị hợp nhất / withdraw it",
)
async def withdraw_profile_merge(act: Act, profile_id: UUID, body: WithdrawProfileMerge) -> JSONResponse:
    """Hai hồ sơ giữ nguyên / both profiles stay as they are."""
    return await act.on_profile(profile_id, body)
