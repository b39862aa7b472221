"""What was taken out of a dossier, for whom and for what: for the person and whoever may read the dossier."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.scope import Reading


class Export(BaseModel):
    """One export or print."""

    id: UUID
    legal: bool = Field(title="Có ký số, giá trị như bản gốc")
    purpose: str = Field(title="Mục đích")
    recipient: str = Field(title="Nơi nhận")
    as_of: date = Field(title="Như đã phê duyệt đến hết ngày")
    revision: int = Field(title="Phiên bản dữ liệu")
    asked_by: UUID = Field(title="Tài khoản xuất")
    asked_by_name: str | None = Field(title="Người xuất")
    asked_role: str = Field(title="Vai trò")
    places: list[str] = Field(title="Chữ ký: người có thẩm quyền, cơ quan")
    citation: str | None = Field(title="Căn cứ")
    state: str = Field(title="Trạng thái: making, made, failed")
    failure: str | None = Field(title="Vì sao không xuất được")
    asked_at: datetime = Field(title="Yêu cầu lúc")
    made_at: datetime | None = Field(title="Xuất lúc")
    document_sha256: str | None = Field(title="Tệp", description="Lấy ở /documents/{sha256}")
    certificates: list[str] = Field(title="Vân tay chứng thư số đã ký")


_ALL = text(
    "SELECT e.*, r.number AS revision, a.display_name AS asked_by_name FROM exports e"
    " JOIN revisions r ON r.id = e.revision_id"
    " LEFT JOIN accounts a ON a.id = e.asked_by"
    " WHERE e.profile_id = :id ORDER BY e.asked_at DESC, e.id"
)


async def of_profile(read: Reading, profile_id: UUID) -> list[Export]:
    """The newest first. Raises RefusedError ``not-found`` or ``not-permitted``."""
    await permits.profile(read, profile_id)
    rows = await read.connection.execute(_ALL, {"id": profile_id})
    return [Export.model_validate(dict(row._mapping)) for row in rows]
