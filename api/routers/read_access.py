"""Who may read a file and why; and who did."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.paging import After, Limit
from api.reading import access, reads
from api.scope import Read

router = APIRouter(tags=["Quyền truy cập"])


@router.get(
    "/profiles/{profile_id}/access",
    operation_id="explainAccess",
    summary="Được làm gì với hồ sơ này và vì sao / what one may do with this file and why",
)
async def explain_access(
    read: Read,
    profile_id: UUID,
    account: Annotated[
        UUID | None, Query(title="Tài khoản khác", description="Chỉ quản trị / administrators only")
    ] = None,
) -> access.Access:
    """Every right with its reason and article, the refused ones too; by default one's own."""
    return await access.of_profile(read, profile_id, account)


@router.get(
    "/me/reads", operation_id="listMyReads", summary="Ai đã xem hồ sơ của tôi / who looked at my file"
)
async def list_my_reads(read: Read, limit: Limit = 50, after: After = None) -> reads.Reads:
    """Every read of the asker's file by somebody else: who, as what, which part, for what, on what basis."""
    return await reads.mine(read, limit, after)


@router.get(
    "/profiles/{profile_id}/reads",
    operation_id="listReads",
    summary="Ai đã xem một hồ sơ, cho người kiểm tra / who looked at a file, for auditors",
)
async def list_reads(read: Read, profile_id: UUID, limit: Limit = 50, after: After = None) -> reads.Reads:
    """The same log of one file."""
    return await reads.of_profile(read, profile_id, limit, after)
