"""What the national database answered about an agency's packets: evidence, as it came."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits, read_log
from api.scope import Reading
from models.access import Allowed
from models.form import top_level
from models.keys import Sealed


class ReceiptLine(BaseModel):
    """One answer about one packet."""

    id: UUID = Field(title="Biên nhận")
    tran_code: str = Field(title="Mã giao dịch")
    sha256: str = Field(
        title="SHA-256", description="Của nội dung trả lời như đã nhận / of the answer as it came"
    )
    size: int = Field(title="Số byte")
    received_at: datetime = Field(title="Nhận lúc")
    items: int = Field(title="Số mục của gói tin")
    settled: int = Field(title="Số mục đã có kết quả")


class Receipts(BaseModel):
    """Every different answer, in the order in which they came."""

    items: list[ReceiptLine] = Field(title="Biên nhận")


_LINES = text(
    "SELECT r.id, s.tran_code, r.sha256, r.size, r.received_at, r.items, r.settled FROM national_receipts r"
    " JOIN submissions s ON s.id = r.submission_id WHERE s.agency_month_id = :month"
    " ORDER BY r.received_at, r.id"
)
_MONTH = text("SELECT agency_id FROM agency_months WHERE id = :month")
# Of a packet whose items have gone out again since, everybody who was ever sent.
_QUOTED = text(
    "SELECT i.profile_id FROM month_items i WHERE i.agency_month_id = :month AND (i.tran_code = :packet"
    " OR i.tran_code IS NOT NULL AND (SELECT count(*) FROM month_items o WHERE o.agency_month_id = :month"
    "  AND o.tran_code = :packet) < :items)"
)
_ONE = text(
    "SELECT r.*, s.tran_code, s.items AS sent FROM national_receipts r"
    " JOIN submissions s ON s.id = r.submission_id WHERE s.agency_month_id = :month AND r.id = :id"
)


async def listed(read: Reading, month_id: UUID) -> Receipts:
    """The answers about an agency's packets.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    await _permitted(read, month_id)
    rows = await read.connection.execute(_LINES, {"month": month_id})
    return Receipts(items=[ReceiptLine.model_validate(dict(row._mapping)) for row in rows])


async def raw(read: Reading, month_id: UUID, receipt_id: UUID) -> bytes:
    """One answer byte by byte; its messages may quote people, so it is for those who may read whole files,
    and each file of the packet has its line.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``field-withheld``.
    """
    verdict = await _permitted(read, month_id)
    row: Any = (await read.connection.execute(_ONE, {"month": month_id, "id": receipt_id})).one_or_none()
    if row is None:
        raise permits.missing()
    if verdict.level < top_level():
        raise permits.withheld(verdict.level)
    values = {"month": month_id, "packet": row.tran_code, "items": row.sent}
    quoted = (await read.connection.execute(_QUOTED, values)).scalars()
    await read_log.record_several(read, quoted.all(), verdict)
    sealed = Sealed(row.key_id, bytes(row.sealed))
    return read.tools.cipher.open(read.who.authority_id, "national_receipts", row.id, "sealed", sealed)


async def _permitted(read: Reading, month_id: UUID) -> Allowed:
    agency_id: UUID | None = await read.connection.scalar(_MONTH, {"month": month_id})
    if agency_id is None:
        raise permits.missing()
    return await permits.at(read, "read_profile", agency_id)
