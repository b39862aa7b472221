"""The national database: what it answered, what it holds beside ours, what it corrected."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from api.paging import After, Limit
from api.problems import responses
from api.reading import compared_agencies, receipts, reconciliations
from api.routers.acting import RESPONSES, Act
from api.scope import Read
from models.command_national import AnswerProposal, OrderReconciliation

router = APIRouter(tags=["Cơ sở dữ liệu quốc gia"], responses=responses("not-permitted"))
PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


@router.get(
    "/agency-months/{month_id}/receipts", operation_id="listReceipts", summary="Biên nhận của CSDL quốc gia"
)
async def list_receipts(read: Read, month_id: UUID) -> receipts.Receipts:
    """Every different answer about the list's packets, by its hash / what was answered, as it came."""
    return await receipts.listed(read, month_id)


@router.get(
    "/agency-months/{month_id}/receipts/{receipt_id}",
    operation_id="getReceipt",
    summary="Một biên nhận, nguyên văn",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}, "description": "Nguyên văn / byte by byte"}},
)
async def get_receipt(read: Read, month_id: UUID, receipt_id: UUID) -> Response:
    """Byte by byte; its SHA-256 is the one listed."""
    return Response(
        await receipts.raw(read, month_id, receipt_id), media_type="application/json", headers=PRIVATE
    )


@router.post(
    "/national/reconciliations",
    operation_id="orderReconciliation",
    summary="Yêu cầu đối soát với CSDL quốc gia",
    responses=RESPONSES,
)
async def order_reconciliation(act: Act, body: OrderReconciliation) -> JSONResponse:
    """Đối chiếu mọi mục hai bên cùng giữ, hai chiều; gửi lại hoặc hỏi người có hồ sơ / compare and repair."""
    return await act.on_administration(body)


@router.get(
    "/national/reconciliations", operation_id="listReconciliations", summary="Các lượt đối soát và tiến độ"
)
async def list_reconciliations(
    read: Read, limit: Limit = 50, after: After = None
) -> reconciliations.Reconciliations:
    """The newest first, each with how far it is and what it came to."""
    return await reconciliations.runs(read, limit, after)


@router.get(
    "/national/reconciliations/{reconciliation_id}",
    operation_id="getReconciliation",
    summary="Một lượt đối soát",
)
async def get_reconciliation(read: Read, reconciliation_id: UUID) -> reconciliations.Reconciliation:
    """How far it is, and what it came to."""
    return await reconciliations.run(read, reconciliation_id)


@router.get(
    "/national/reconciliations/{reconciliation_id}/differences",
    operation_id="listNationalDifferences",
    summary="Khác biệt của một lượt đối soát",
)
async def list_differences(
    read: Read,
    reconciliation_id: UUID,
    agency: Annotated[
        UUID | None,
        Query(
            title="Cơ quan, đơn vị",
            description="Và các đơn vị không có tài khoản / with its units that have no account",
        ),
    ] = None,
    limit: Limit = 50,
    after: After = None,
) -> reconciliations.Differences:
    """Which profiles within reach, which fields by name, and what is done about each."""
    return await reconciliations.differences(read, reconciliation_id, agency, limit, after)


@router.get(
    "/national/agencies",
    operation_id="listComparedAgencies",
    summary="Kết quả đối soát theo từng cơ quan",
)
async def list_compared_agencies(
    read: Read,
    reconciliation: Annotated[
        UUID | None, Query(title="Lượt đối soát", description="Mặc định: lượt mới nhất / the newest")
    ] = None,
    limit: Limit = 50,
    after: After = None,
) -> compared_agencies.ComparedAgencies:
    """The most differences first; each opens the list of its people."""
    return await compared_agencies.listed(read, reconciliation, limit, after)


@router.get(
    "/profiles/{profile_id}/national-proposals",
    operation_id="listNationalProposals",
    summary="Điều chỉnh của CSDL quốc gia đối với hồ sơ",
)
async def list_proposals(read: Read, profile_id: UUID) -> reconciliations.Proposals:
    """What the national database corrected by itself, beside what was approved; nothing is overwritten."""
    return await reconciliations.proposals(read, profile_id)


@router.post(
    "/profiles/{profile_id}/national-proposals/answers",
    operation_id="answerNationalProposal",
    summary="Chấp nhận hoặc không chấp nhận điều chỉnh",
    responses=RESPONSES,
)
async def answer_proposal(act: Act, profile_id: UUID, body: AnswerProposal) -> JSONResponse:
    """Chấp nhận: đưa vào bản nháp để khai và phê duyệt; không: gửi lại dữ liệu của ta / accept or dispute."""
    return await act.on_profile(profile_id, body)
