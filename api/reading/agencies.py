"""The agencies of an authority: how they stand to it, and which one keeps and operates the database."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.scope import Reading
from models.record.load import STANDING


class AgencyLine(BaseModel):
    """One agency as it stands on the day."""

    id: UUID = Field(title="Cơ quan, đơn vị")
    code: str = Field(title="Mã định danh")
    legacy_code: str | None = Field(default=None, title="Mã cũ", description="QCVN 102:2016")
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


@dataclass(frozen=True, slots=True)
class Search:
    """Which agencies of which day: by name (without regard to accents) or the beginning of the code."""

    day: date
    words: str | None = None
    parent_id: UUID | None = None


_LIST = text(
    "SELECT g.agency_id AS id, g.code, g.name, g.kind, g.parent_id, g.has_account, g.legacy_code,"  # noqa: S608 — fragments, no input
    f" {STANDING} AS standing, g.standing IS NOT NULL AS standing_stated,"
    " coalesce(u.department_id = g.agency_id, false) AS keeps_database,"
    " coalesce(u.ict_department_id = g.agency_id, false) AS operates_database"
    " FROM agency_spans g JOIN authorities u ON u.authority_id = g.authority_id"
    " WHERE g.code > :after AND NOT g.ended AND g.valid_from <= :day"
    " AND (g.valid_to IS NULL OR g.valid_to > :day)"
    " AND (CAST(:parent AS uuid) IS NULL OR g.parent_id = CAST(:parent AS uuid))"
    " AND (CAST(:words AS text) IS NULL OR g.code ^@ upper(:words)"
    " OR position(hoso_name_key(:words) IN hoso_name_key(g.name)) > 0)"
    " ORDER BY g.code LIMIT :most"
)


async def listed(read: Reading, search: Search, *, after: str | None, limit: int) -> AgencyPage:
    """The agencies of a day: the tree is no secret to whoever has an account of the authority."""
    key = key_of(after, str)
    values = {
        "after": key[0] if key else "",
        "day": search.day,
        "words": search.words,
        "parent": search.parent_id,
        "most": limit + 1,
    }
    rows, more = page(list(await read.connection.execute(_LIST, values)), limit)
    items = [AgencyLine.model_validate(dict(row._mapping)) for row in rows]
    return AgencyPage(items=items, next=cursor(items[-1].code) if more else None)
