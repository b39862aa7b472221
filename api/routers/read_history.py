"""The history that cannot be changed unseen: proofs for one event, heads of the log, that it only grew."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from api.paging import After, Limit
from api.problems import responses
from api.reading import history
from api.scope import Read

router = APIRouter(tags=["Diễn biến"])

Size = Annotated[int, Query(ge=1, lt=2**62, title="Số sự kiện", description="Của một đầu nhật ký đã lập")]


@router.get(
    "/profiles/{profile_id}/events/{number}/proof",
    operation_id="getEventProof",
    summary="Chứng minh một sự kiện có trong nhật ký không thể sửa / proof that an event is in the log",
    responses=responses("not-found", "not-logged-yet", "history-broken"),
)
async def get_event_proof(
    read: Read, profile_id: UUID, number: Annotated[int, Path(ge=1, lt=2**31, title="Số thứ tự")]
) -> history.Proof:
    """Everything needed to reckon the proof again without this system; sealed once its day is over."""
    return await history.proof(read, profile_id, number)


@router.get("/log/heads", operation_id="listLogHeads", summary="Các đầu nhật ký / heads of the log")
async def list_log_heads(
    read: Read,
    sealed: Annotated[bool, Query(title="Chỉ đầu đã niêm phong / sealed heads only")] = False,
    limit: Limit = 50,
    after: After = None,
) -> history.Heads:
    """The newest first: sizes, roots, timestamps; whoever keeps one can hold the log to it later."""
    return await history.heads(read, sealed=sealed, limit=limit, after=after)


@router.get(
    "/log/growth",
    operation_id="getLogGrowth",
    summary="Chứng minh nhật ký chỉ dài thêm / proof that the log only grew",
    responses=responses("not-found", "history-broken"),
)
async def get_log_growth(read: Read, first: Size, second: Size) -> history.Growth:
    """A consistency proof (RFC 6962) between two heads: the later one begins with the earlier one."""
    return await history.growth(read, first, second)
