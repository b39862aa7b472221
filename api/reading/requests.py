"""Corrections asked for and disputes: of one file, and the register of an agency's."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page
from api.reading import permits
from api.reading.registers import (
    Filter,
    consents_register,
    exports_register,
    page_of,
    requests_register,
)
from api.scope import Reading
from models.record.requesting import answered_in, said_in


class FileRequest(BaseModel):
    """A correction asked for, or a dispute, and how it was answered."""

    id: UUID = Field(title="Yêu cầu")
    kind: str = Field(title="Loại", description="rectification: yêu cầu sửa; dispute: khiếu nại")
    state: str = Field(title="Trạng thái", description="open, accepted, refused, withdrawn")
    path: str = Field(title="Mục, sự việc hoặc quyết định")
    about: UUID | None = Field(title="Yêu cầu bị từ chối mà khiếu nại nói tới")
    wanted: str | None = Field(title="Nội dung đề nghị")
    reason: str | None = Field(title="Lý do", description="Không có với người không được xem toàn bộ hồ sơ")
    asked_at: datetime = Field(title="Yêu cầu lúc")
    due_on: date | None = Field(title="Hạn trả lời")
    due_by_policy: bool = Field(title="Hạn là chính sách", description="Luật không nêu thời hạn")
    citation: str | None = Field(title="Căn cứ")
    ended_at: datetime | None = Field(title="Trả lời lúc")
    ended_role: str | None = Field(title="Vai trò người trả lời")
    answer: str | None = Field(title="Trả lời, lý do")
    document: str | None = Field(title="Văn bản giải quyết")
    late_days: int | None = Field(title="Số ngày làm việc trễ")
    draft_number: int | None = Field(default=None, title="Bản nháp lập theo yêu cầu được chấp nhận")


class RegisteredRequest(FileRequest):
    """A line of the register."""

    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên", description="Không có với hồ sơ đã lưu trữ")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")


class RequestRegister(Page):
    """A page of the register, the newest first."""

    items: list[RegisteredRequest] = Field(title="Yêu cầu")


class _OfFile(BaseModel):
    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên", description="Không có với hồ sơ đã lưu trữ")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    id: UUID = Field(title="Dòng")
    kind: str = Field(title="Loại")
    state: str = Field(title="Trạng thái")
    purpose: str = Field(title="Mục đích")
    asked_at: datetime = Field(title="Lập lúc")
    citation: str | None = Field(title="Căn cứ")


class RegisteredConsent(_OfFile):
    """A consent in the register."""

    account_id: UUID = Field(title="Tài khoản được xem")
    reader: str | None = Field(title="Người được xem")
    document: str | None = Field(title="Số văn bản")
    level: int = Field(title="Xem đến độ hạn chế tiếp cận")
    starts_on: date = Field(title="Từ ngày")
    last_day: date = Field(title="Đến hết ngày")
    answered_at: datetime | None = Field(title="Trả lời lúc")
    ended_at: datetime | None = Field(title="Chấm dứt lúc")


class ConsentRegister(Page):
    """A page of the register, the newest first."""

    items: list[RegisteredConsent] = Field(title="Sự đồng ý")


class RegisteredExport(_OfFile):
    """An export in the register."""

    recipient: str = Field(title="Nơi nhận")
    as_of: date = Field(title="Như đã phê duyệt đến hết ngày")
    asked_by: UUID = Field(title="Tài khoản xuất")
    asked_by_name: str | None = Field(title="Người xuất")
    asked_role: str = Field(title="Vai trò")
    made_at: datetime | None = Field(title="Xuất lúc")
    document_sha256: str | None = Field(title="Tệp")


class ExportRegister(Page):
    """A page of the register, the newest first."""

    items: list[RegisteredExport] = Field(title="Lần xuất")


_ALL = text("SELECT * FROM file_requests WHERE profile_id = :id ORDER BY asked_at DESC, id DESC")


def _told(read: Reading, row: Any, *, whole: bool) -> dict[str, Any]:
    said = said_in(read.tools, row) if whole else {}
    answer = answered_in(read.tools, row) if whole else None
    values = {**row._mapping, "answer": answer}
    return {**values, "wanted": said.get("wanted"), "reason": said.get("reason")}


async def of_profile(read: Reading, profile_id: UUID) -> list[FileRequest]:
    """Every request about one file, the newest first; what was written is for who sees the whole file.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    subject = await permits.profile(read, profile_id)
    rows = await read.connection.execute(_ALL, {"id": profile_id})
    return [FileRequest.model_validate(_told(read, row, whole=subject.whole)) for row in rows]


async def register(read: Reading, asked: Filter) -> RequestRegister:
    """Corrections and disputes within the asker's scope; what people wrote is read in the file itself.

    Raises:
        RefusedError: ``not-permitted``.
    """
    rows, after = await page_of(read, requests_register(), asked)
    items = [RegisteredRequest.model_validate(_told(read, row, whole=False)) for row in rows]
    return RequestRegister(items=items, next=after)


async def consents(read: Reading, asked: Filter) -> ConsentRegister:
    """Consents within the asker's scope. Raises RefusedError ``not-permitted``."""
    rows, after = await page_of(read, consents_register(), asked)
    return ConsentRegister(
        items=[RegisteredConsent.model_validate(dict(r._mapping)) for r in rows], next=after
    )


async def exports(read: Reading, asked: Filter) -> ExportRegister:
    """Exports within the asker's scope. Raises RefusedError ``not-permitted``."""
    rows, after = await page_of(read, exports_register(), asked)
    return ExportRegister(items=[RegisteredExport.model_validate(dict(r._mapping)) for r in rows], next=after)
