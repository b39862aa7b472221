"""What the national database answered about an agency's packets: evidence, as it came."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.scope import Reading
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
_ONE = text(
    "SELECT r.* FROM national_receipts r JOIN submissions s ON s.id = r.submission_id"
    " WHERE s.agency_month_id = :month AND r.id = :id"
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
    """One answer byte by byte; its messages may quote people, so it is for those who may read whole files.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``field-withheld``.
    """
    agency_id = await _permitted(read, month_id)
    level = await permits.level_in(read, agency_id)
    row: Any = (await read.connection.execute(_ONE, {"month": month_id, "id": receipt_id})).one_or_none()
    if row is None:
        raise permits.missing()
    if level < top_level():
        raise permits.withheld(level)
    sealed = Sealed(row.key_id, bytes(row.sealed))
    return read.tools.cipher.open(read.who.authority_id, "national_receipts", row.id, "sealed", sealed)


async def _permitted(read: Reading, month_id: UUID) -> UUID:
    agency_id: UUID | None = await read.connection.scalar(_MONTH, {"month": month_id})
    if agency_id is None:
        raise permits.missing()
    await permits.at(read, "read_profile", agency_id)
    return agency_id
