"""The agencies of the authority."""

from fastapi import APIRouter

from api.paging import After, Limit
from api.reading import agencies
from api.scope import Read

router = APIRouter(prefix="/agencies", tags=["Cơ quan, đơn vị"])


@router.get("", operation_id="listAgencies", summary="Cơ quan, đơn vị / agencies")
async def list_agencies(read: Read, limit: Limit = 50, after: After = None) -> agencies.AgencyPage:
    """Các cơ quan đang hoạt động; quan hệ thuộc, trực thuộc quyết định điều khoản áp dụng / as they stand."""
    return await agencies.listed(read, after=after, limit=limit)
