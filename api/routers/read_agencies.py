"""The agencies of the authority, on any day."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.paging import After, Limit
from api.reading import agencies, agency_tree
from api.scope import Read

router = APIRouter(prefix="/agencies", tags=["Cơ quan, đơn vị"])

AsOf = Annotated[
    date | None, Query(title="Tại ngày", description="Quá khứ hoặc tương lai; bỏ trống là hôm nay / any day")
]
Words = Annotated[
    str | None,
    Query(
        min_length=2, max_length=100, title="Tìm", description="Tên không cần dấu, hoặc đầu mã / name or code"
    ),
]
Under = Annotated[
    UUID | None, Query(title="Nằm ngay dưới", description="chỉ các đơn vị ngay dưới / right below")
]


@router.get("", operation_id="listAgencies", summary="Cơ quan, đơn vị / agencies")
async def list_agencies(
    read: Read,
    limit: Limit = 50,
    after: After = None,
    as_of: AsOf = None,
    q: Words = None,
    parent_id: Under = None,
) -> agencies.AgencyPage:
    """Cây tổ chức tại một ngày; quan hệ thuộc, trực thuộc quyết định điều khoản áp dụng / on any day."""
    search = agencies.Search(as_of or read.today, q, parent_id)
    return await agencies.listed(read, search, after=after, limit=limit)


@router.get("/{agency_id}", operation_id="readAgency", summary="Một cơ quan, đơn vị")
async def read_agency(read: Read, agency_id: UUID, as_of: AsOf = None) -> agency_tree.AgencyDetail:
    """Các cấp trên, vị trí và người giữ, biên chế, tiền thân, thay đổi sắp tới / as it stands on a day."""
    return await agency_tree.detail(read, agency_id, as_of)


@router.get("/{agency_id}/history", operation_id="readAgencyHistory", summary="Lịch sử cơ quan, đơn vị")
async def read_history(read: Read, agency_id: UUID) -> agency_tree.AgencyHistory:
    """Tên, mã, cấp trên qua các thời kỳ, kèm văn bản / names, codes, places with their documents."""
    return await agency_tree.history(read, agency_id)
