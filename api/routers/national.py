"""The national database: what it answered."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.problems import responses
from api.reading import receipts
from api.scope import Read

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
