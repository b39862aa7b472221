"""What a morning list is made of."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from api.reading.steps import Call

MOST = 100
"""Lines shown of each group; its count is always whole."""


class TodayLine(BaseModel):
    """One thing on the list."""

    what: str = Field(title="Việc", description="Loại nghĩa vụ, hoặc submission, transfer")
    person: str | None = Field(title="Họ và tên")
    profile_id: UUID | None = Field(title="Hồ sơ")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    case_id: UUID | None = Field(default=None, title="Việc chuyển, nghỉ")
    duty_id: UUID | None = Field(default=None, title="Nghĩa vụ")
    agency_month_id: UUID | None = Field(default=None, title="Danh sách tháng")
    items: int | None = Field(default=None, title="Số hồ sơ trên danh sách đang chờ")
    party: str = Field(title="Đang chờ ai")
    citation: str | None = Field(title="Căn cứ")
    succession: str | None = Field(default=None, title="Cơ quan kế thừa")
    succession_en: str | None = Field(default=None, title="Cơ quan kế thừa (tiếng Anh)")
    since: date = Field(title="Từ ngày")
    due_on: date | None = Field(title="Hạn")
    days_left: int | None = Field(title="Số ngày làm việc còn lại")
    on_behalf_of: str | None = Field(default=None, title="Thay mặt", description="Khi làm theo uỷ quyền")
    calls: list[Call] = Field(title="Lời gọi giải quyết")


class Group(BaseModel):
    """One group of the list."""

    count: int = Field(title="Tổng số")
    items: list[TodayLine] = Field(title="Việc", description=f"Nhiều nhất {MOST} dòng")
