"""``/delegations``: have somebody else do what one may do, for a part of the tree and a time."""

from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from api.paging import After, Limit
from api.reading import delegations, timelines
from api.routers.acting import RESPONSES, Act
from api.routers.read_story import temporal_of
from api.scope import Read
from models.commands import AgreeDelegation, Delegate, RevokeDelegation

reads = APIRouter(prefix="/delegations", tags=["Uỷ quyền"])
acts = APIRouter(prefix="/delegations", tags=["Uỷ quyền"], responses=RESPONSES)


@acts.post("", operation_id="delegate", summary="Uỷ quyền / delegate")
async def delegate(act: Act, body: Delegate) -> JSONResponse:
    """Uỷ quyền một việc trong một phạm vi, từ ngày đến trước ngày / lend a right; ``valid_to`` is the first
    day without it. The law decides whether it may be lent at all."""
    return await act.on_delegation(uuid5(act.command_id, "delegation"), body)


@acts.post("/{delegation_id}/agreement", operation_id="agreeDelegation", summary="Thống nhất việc uỷ quyền")
async def agree(act: Act, delegation_id: UUID, body: AgreeDelegation) -> JSONResponse:
    """Cơ quan quản lý thống nhất bằng văn bản / the department agrees in writing."""
    return await act.on_delegation(delegation_id, body)


@acts.post("/{delegation_id}/revocation", operation_id="revokeDelegation", summary="Chấm dứt uỷ quyền")
async def revoke(act: Act, delegation_id: UUID, body: RevokeDelegation) -> JSONResponse:
    """Thu hồi, hoặc trả lại uỷ quyền đã nhận; có hiệu lực ngay / end it at once."""
    return await act.on_delegation(delegation_id, body)


@reads.get("", operation_id="listDelegations", summary="Uỷ quyền đã giao, đã nhận / delegations")
async def list_delegations(
    read: Read,
    side: Annotated[delegations.Side, Query(title="Bên")] = "received",
    running: Annotated[bool | None, Query(title="Chưa chấm dứt")] = None,
    limit: Limit = 50,
    after: After = None,
) -> delegations.Delegations:
    """Given by the asker, received, or over the agencies in scope."""
    return await delegations.listed(read, side=side, running=running, limit=limit, after=after)


@reads.get("/{delegation_id}", operation_id="getDelegation", summary="Một uỷ quyền / one delegation")
async def get_delegation(read: Read, delegation_id: UUID) -> delegations.Delegation:
    """With whether it is in force today, judged by the delegator's present right."""
    return await delegations.one(read, delegation_id)


@reads.get(
    "/{delegation_id}/timeline", operation_id="getDelegationTimeline", summary="Diễn biến của một uỷ quyền"
)
async def get_delegation_timeline(
    request: Request, read: Read, delegation_id: UUID, limit: Limit = 100, after: After = None
) -> timelines.Timeline:
    """What happened to it, and what was done by it within the asker's scope."""
    return await timelines.of_delegation(read, temporal_of(request), delegation_id, limit, after)
