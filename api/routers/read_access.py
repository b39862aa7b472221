"""Who may read a file, and why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.reading import access
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
