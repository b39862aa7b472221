"""``/profiles``: lists, search, and one profile as of now."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.paging import After, Limit
from api.reading import explanations, profiles, tags
from api.scope import Read
from models.lifecycle.life import Chapter, Status

router = APIRouter(prefix="/profiles", tags=["Hồ sơ: xem"])


@router.get("", operation_id="listProfiles", summary="Danh sách hồ sơ / list profiles")
async def list_profiles(
    read: Read,
    agency: Annotated[UUID | None, Query(title="Cơ quan, đơn vị và các đơn vị dưới nó")] = None,
    chapter: Annotated[Chapter | None, Query(title="Giai đoạn")] = None,
    status: Annotated[Status | None, Query(title="Tình trạng")] = None,
    overdue: Annotated[bool | None, Query(title="Có việc quá hạn")] = None,
    limit: Limit = 50,
    after: After = None,
) -> profiles.Profiles:
    """Profiles in scope, in pages by key."""
    return await profiles.listed(
        read, agency=agency, chapter=chapter, status=status, overdue=overdue, limit=limit, after=after
    )


@router.post("/search", operation_id="searchProfiles", summary="Tìm hồ sơ / search profiles")
async def search_profiles(read: Read, body: profiles.Search) -> profiles.Profiles:
    """By name, staff number or personal ID number: personal data never stands in a URL."""
    return await profiles.search(read, body)


@router.get("/{profile_id}", operation_id="getProfile", summary="Hồ sơ hiện tại / the profile as of now")
async def get_profile(read: Read, response: Response, profile_id: UUID) -> profiles.Profile:
    """Where it stands, who holds it, what is owed, what comes next. ETag: ``"r<number>"``."""
    found = await profiles.one(read, profile_id)
    response.headers["ETag"] = tags.of_profile(found.revision_number)
    return found


@router.get(
    "/{profile_id}/custody", operation_id="listCustody", summary="Đơn vị quản lý hồ sơ qua các thời kỳ"
)
async def list_custody(read: Read, profile_id: UUID) -> list[profiles.Custody]:
    """Which agency held the profile when: without gap or overlap."""
    return await profiles.custody(read, profile_id)


@router.get(
    "/{profile_id}/explanation",
    operation_id="explainProfile",
    summary="Giải thích các nghĩa vụ của hồ sơ / why each thing is owed",
)
async def explain_profile(
    read: Read,
    profile_id: UUID,
    closed: Annotated[bool, Query(title="Cả các nghĩa vụ đã kết thúc")] = False,
) -> explanations.ProfileExplained:
    """Where the profile stands and why each thing is owed, each under the law it was opened with."""
    return await explanations.of_profile(read, profile_id, closed=closed)
