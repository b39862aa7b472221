"""The keys of a service account."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from api.scope import Reading

_LISTED = text(
    "SELECT kid, document, registered_at, registered_by, expires_at, withdrawn_at, withdrawn_by"
    " FROM service_keys WHERE account_id = :id ORDER BY withdrawn_at NULLS LAST, registered_at, kid"
)


class ServiceKey(BaseModel):
    """A registered key; the key itself is public and of no interest here."""

    model_config = ConfigDict(from_attributes=True)
    kid: str = Field(title="Mã khóa")
    document: str = Field(title="Số và ngày văn bản")
    registered_at: datetime = Field(title="Đăng ký lúc")
    registered_by: UUID = Field(title="Người đăng ký")
    expires_at: datetime = Field(title="Hết hạn lúc")
    withdrawn_at: datetime | None = Field(title="Rút lúc")
    withdrawn_by: UUID | None = Field(title="Người rút")


async def listed(read: Reading, account_id: UUID) -> list[ServiceKey]:
    """All of them, in the order they were registered."""
    rows = await read.connection.execute(_LISTED, {"id": account_id})
    return [ServiceKey.model_validate(row) for row in rows]
