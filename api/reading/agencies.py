"""The agencies of an authority: how they stand to it, and which one keeps and operates the database."""

from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.scope import Reading
from models.record.load import STANDING


class AgencyLine(BaseModel):
    """One agency as it stands today."""

    id: UUID = Field(title="Cơ quan, đơn vị")
    code: str = Field(title="Mã định danh")
    name: str = Field(title="Tên")
    kind: str = Field(title="Loại")
    parent_id: UUID | None = Field(title="Cơ quan cấp trên trực tiếp")
    has_account: bool = Field(title="Có tài khoản cơ quan")
    standing: str = Field(title="Quan hệ", description="constituent (thuộc), subordinate (trực thuộc)")
    standing_stated: bool = Field(title="Quan hệ đã được ghi", description="không thì suy từ tài khoản")
    keeps_database: bool = Field(title="Quản lý cơ sở dữ liệu")
    operates_database: bool = Field(title="Vận hành cơ sở dữ liệu")


class AgencyPage(Page):
    """A page in the order of codes."""

    items: list[AgencyLine]


_LIST = text(
    "SELECT g.id, g.code, g.name, g.kind, g.parent_id, g.has_account,"  # noqa: S608 — fragments, no input
    f" {STANDING} AS standing, g.standing IS NOT NULL AS standing_stated,"
    " coalesce(u.department_id = g.id, false) AS keeps_database,"
    " coalesce(u.ict_department_id = g.id, false) AS operates_database"
    " FROM agencies g JOIN authorities u ON u.authority_id = g.authority_id"
    " WHERE g.code > :after AND g.valid_from <= :today AND (g.valid_to IS NULL OR g.valid_to > :today)"
    " ORDER BY g.code LIMIT :most"
)


async def listed(read: Reading, *, after: str | None, limit: int) -> AgencyPage:
    """The agencies that stand today: the tree is no secret to whoever has an account of the authority."""
    key = key_of(after, str)
    values = {"after": key[0] if key else "", "today": read.today, "most": limit + 1}
    rows, more = page(list(await read.connection.execute(_LIST, values)), limit)
    items = [AgencyLine.model_validate(dict(row._mapping)) for row in rows]
    return AgencyPage(items=items, next=cursor(items[-1].code) if more else None)
