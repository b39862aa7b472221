"""``/changes`` and the timelines: what happened, in order, to whom it may be told."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from temporalio.client import Client

from api.paging import After, Limit
from api.reading import changes, timelines
from api.scope import Read

router = APIRouter(tags=["Diễn biến"])

ManyEvents = Annotated[int, Query(ge=1, le=1000, title="Số sự kiện mỗi trang")]


def temporal_of(request: Request) -> Client | None:
    """The engine's client, where this process has one."""
    client: Client | None = getattr(request.app.state, "temporal", None)
    return client


@router.get("/changes", operation_id="listChanges", summary="Sự kiện mới theo thứ tự / the change feed")
async def list_changes(read: Read, limit: ManyEvents = 200, after: After = None) -> changes.Feed:
    """Events in commit-safe order, without a gap. Ask again from ``next``, also after an empty answer."""
    return await changes.feed(read, limit, after)


@router.get(
    "/profiles/{profile_id}/timeline", operation_id="getProfileTimeline", summary="Diễn biến của một hồ sơ"
)
async def get_profile_timeline(
    request: Request, read: Read, profile_id: UUID, limit: Limit = 100, after: After = None
) -> timelines.Timeline:
    """Our events, and the engine's history of the same workflow while it is retained."""
    return await timelines.of_profile(read, temporal_of(request), profile_id, limit, after)


@router.get(
    "/transfers/{transfer_id}/timeline",
    operation_id="getTransferTimeline",
    summary="Diễn biến của một việc chuyển",
)
async def get_transfer_timeline(
    request: Request, read: Read, transfer_id: UUID, limit: Limit = 100, after: After = None
) -> timelines.Timeline:
    """Our events about the transfer, and the engine's history of it while it is retained."""
    return await timelines.of_transfer(read, temporal_of(request), transfer_id, limit, after)


@router.get(
    "/agency-months/{month_id}/timeline",
    operation_id="getAgencyMonthTimeline",
    summary="Diễn biến của một danh sách tháng",
)
async def get_agency_month_timeline(
    request: Request, read: Read, month_id: UUID, limit: Limit = 100, after: After = None
) -> timelines.Timeline:
    """Our events about the list, and the engine's history of it while it is retained."""
    return await timelines.of_agency_month(read, temporal_of(request), month_id, limit, after)
