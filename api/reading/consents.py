"""Consents to read one file."""

from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.scope import Reading


class Consent(BaseModel):
    """One consent: who may read, for what, until when, and where it stands."""

    id: UUID = Field(title="Sự đồng ý")
    kind: str = Field(
        title="Loại", description="written: văn bản của cơ quan; electronic: của người có hồ sơ"
    )
    state: str = Field(title="Trạng thái", description="asked, given, refused, ended")
    account_id: UUID = Field(title="Tài khoản được xem")
    purpose: str = Field(title="Mục đích")
    document: str | None = Field(title="Số văn bản")
    level: int = Field(title="Xem đến độ hạn chế tiếp cận")
    starts_on: date = Field(title="Từ ngày")
    last_day: date = Field(title="Đến hết ngày")
    in_force: bool = Field(title="Đang có hiệu lực")
    asked_at: datetime = Field(title="Lập lúc")
    answered_at: datetime | None = Field(title="Trả lời lúc")
    ended_at: datetime | None = Field(title="Chấm dứt lúc")
    reason: str | None = Field(title="Lý do")
    citation: str = Field(title="Căn cứ")


_ALL = text("SELECT * FROM access_consents WHERE profile_id = :id ORDER BY asked_at DESC, id DESC")


async def of_profile(read: Reading, profile_id: UUID) -> list[Consent]:
    """Every consent of the file, the newest first.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    await permits.profile(read, profile_id)
    rows = await read.connection.execute(_ALL, {"id": profile_id})
    return [
        Consent.model_validate(
            {
                **row._mapping,
                "last_day": row.ends_on - timedelta(days=1),
                "in_force": row.state == "given" and row.starts_on <= read.today < row.ends_on,
            }
        )
        for row in rows
    ]
