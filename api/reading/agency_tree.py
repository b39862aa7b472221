"""One agency on any day: where it stands, posts and their holders, staffing, what came before and after."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.scope import Reading
from models.errors import RefusedError


class AgencyStep(BaseModel):
    """An agency named beside another."""

    id: UUID = Field(title="Cơ quan, đơn vị")
    code: str = Field(title="Mã định danh")
    name: str = Field(title="Tên")


class AgencySuccession(AgencyStep):
    """An agency that came before or after."""

    kind: str = Field(title="Hình thức", description="merged, consolidated, divided, separated, restored")
    effective_on: date = Field(title="Từ ngày")
    document: str = Field(title="Văn bản")


class PostHolder(BaseModel):
    """Who holds a post."""

    id: UUID = Field(title="Lượt giữ vị trí")
    account_id: UUID = Field(title="Tài khoản")
    display_name: str | None = Field(title="Người giữ", description="trong phạm vi được xem")
    acting: bool = Field(title="Quyền, phụ trách", description="thay người giữ / stands in")
    valid_from: date = Field(title="Từ ngày")
    valid_to: date | None = Field(title="Đến trước ngày")
    document: str = Field(title="Văn bản")


class AgencyPost(BaseModel):
    """A post of the agency."""

    id: UUID = Field(title="Vị trí")
    kind: str = Field(title="Loại", description="head, deputy, hr_head, hr_officer, approver, sync_agent …")
    title: str | None = Field(title="Chức danh")
    holders: list[PostHolder] = Field(title="Người giữ")


class AgencyQuota(BaseModel):
    """How many people it may have."""

    kind: str = Field(title="Loại", description="quota (biên chế), position (vị trí việc làm)")
    code: str = Field(title="Mã")
    title: str | None = Field(title="Tên")
    number: int = Field(title="Số lượng")
    valid_from: date = Field(title="Từ ngày")
    document: str = Field(title="Văn bản")


class PlannedChange(BaseModel):
    """A change that has been recorded for a day to come."""

    id: UUID = Field(title="Thay đổi")
    operation: str = Field(title="Việc")
    effective_on: date = Field(title="Từ ngày")
    document: str = Field(title="Văn bản")
    fields: dict[str, Any] = Field(title="Nội dung")


class AgencyDetail(AgencyStep):
    """One agency as it stands on a day."""

    as_of: date = Field(title="Ngày")
    kind: str = Field(title="Loại")
    legacy_code: str | None = Field(title="Mã cũ", description="QCVN 102:2016")
    parent_id: UUID | None = Field(title="Cơ quan cấp trên trực tiếp")
    has_account: bool = Field(title="Có tài khoản cơ quan")
    standing: str | None = Field(title="Quan hệ", description="constituent (thuộc), subordinate (trực thuộc)")
    since: date = Field(title="Như vậy từ ngày")
    until: date | None = Field(title="Đến trước ngày", description="thay đổi đã định")
    breadcrumb: list[AgencyStep] = Field(title="Các cấp trên", description="từ cao nhất / from the top")
    units: int = Field(title="Số đơn vị trực thuộc", description="cấp ngay dưới / right below")
    posts: list[AgencyPost] = Field(title="Vị trí")
    quotas: list[AgencyQuota] = Field(title="Biên chế, vị trí việc làm")
    predecessors: list[AgencySuccession] = Field(title="Tiền thân")
    successors: list[AgencySuccession] = Field(title="Kế thừa")
    planned: list[PlannedChange] = Field(title="Thay đổi chưa có hiệu lực")


class AgencyPeriod(BaseModel):
    """How it stood from a day until before another."""

    since: date = Field(title="Từ ngày")
    until: date | None = Field(title="Đến trước ngày")
    code: str = Field(title="Mã định danh")
    legacy_code: str | None = Field(title="Mã cũ")
    name: str = Field(title="Tên")
    kind: str = Field(title="Loại")
    parent: AgencyStep | None = Field(
        title="Cơ quan cấp trên", description="với tên của ngày đó / as named then"
    )
    has_account: bool = Field(title="Có tài khoản cơ quan")
    standing: str | None = Field(title="Quan hệ")
    ended: bool = Field(title="Đã kết thúc")


class AgencyChangeLine(BaseModel):
    """One operation with the document it stands on."""

    id: UUID = Field(title="Thay đổi")
    operation: str = Field(title="Việc")
    effective_on: date = Field(title="Từ ngày")
    document: str = Field(title="Văn bản")
    recorded_at: datetime = Field(title="Ghi nhận lúc")
    withdrawn_at: datetime | None = Field(title="Rút lúc")


class AgencyHistory(BaseModel):
    """All an agency has been and will be."""

    id: UUID = Field(title="Cơ quan, đơn vị")
    periods: list[AgencyPeriod] = Field(title="Các thời kỳ")
    changes: list[AgencyChangeLine] = Field(title="Các thay đổi")
    predecessors: list[AgencySuccession] = Field(title="Tiền thân")
    successors: list[AgencySuccession] = Field(title="Kế thừa")


_HOLDS = "{0}.valid_from <= :day AND ({0}.valid_to IS NULL OR {0}.valid_to > :day)"
_STATE = text(
    "SELECT s.agency_id AS id, s.code, s.name, s.kind, s.legacy_code, s.parent_id, s.has_account, s.standing,"  # noqa: S608 — no input
    " s.valid_from AS since, s.valid_to AS until, (SELECT count(*) FROM agency_spans u"
    f" WHERE u.parent_id = s.agency_id AND NOT u.ended AND {_HOLDS.format('u')}) AS units"
    f" FROM agency_spans s WHERE s.agency_id = :id AND NOT s.ended AND {_HOLDS.format('s')}"
)
_ABOVE = text(
    "SELECT s.agency_id AS id, s.code, s.name FROM agency_lines l JOIN agency_spans s"  # noqa: S608 — no input
    f" ON s.agency_id = l.ancestor_id AND {_HOLDS.format('s')} WHERE l.descendant_id = :id AND l.depth > 0"
    f" AND {_HOLDS.format('l')} ORDER BY l.depth DESC"
)
_POSTS = text(
    "SELECT p.id, p.kind, p.title, h.id AS holding, h.account_id, a.display_name, h.acting, h.valid_from,"  # noqa: S608 — no input
    " h.valid_to, h.document FROM agency_posts p LEFT JOIN post_holders h ON h.post_id = p.id"
    f" AND {_HOLDS.format('h')} LEFT JOIN accounts a ON a.id = h.account_id"
    f" WHERE p.agency_id = :id AND {_HOLDS.format('p')} ORDER BY p.kind, p.id, h.acting, h.valid_from, h.id"
)
_QUOTAS = text(
    "SELECT q.kind, q.code, q.title, q.number, q.valid_from, q.document FROM agency_quotas q"  # noqa: S608 — no input
    f" WHERE q.agency_id = :id AND {_HOLDS.format('q')} ORDER BY q.kind, q.code"
)
_LINKS = text(
    "SELECT l.predecessor_id = :id AS after, g.id, g.code, g.name, l.kind, l.effective_on, l.document"
    " FROM agency_links l JOIN agencies g"
    " ON g.id = CASE WHEN l.predecessor_id = :id THEN l.successor_id ELSE l.predecessor_id END"
    " WHERE (l.predecessor_id = :id OR l.successor_id = :id) AND l.effective_on <= :day"
    " ORDER BY l.effective_on, g.code"
)
_PLANNED = text(
    "SELECT id, operation, effective_on, document, coalesce(facts -> 'fields', '{}') AS fields"
    " FROM agency_changes WHERE agency_id = :id AND effective_on > :day AND withdrawn_at IS NULL"
    " ORDER BY effective_on, id"
)
_PERIODS = text(
    "SELECT s.valid_from AS since, s.valid_to AS until, s.code, s.legacy_code, s.name, s.kind, s.has_account,"
    " s.standing, s.ended, CASE WHEN p.agency_id IS NOT NULL THEN"
    " json_build_object('id', p.agency_id, 'code', p.code, 'name', p.name) END AS parent"
    " FROM agency_spans s LEFT JOIN agency_spans p ON p.agency_id = s.parent_id"
    " AND p.valid_from <= s.valid_from AND (p.valid_to IS NULL OR p.valid_to > s.valid_from)"
    " WHERE s.agency_id = :id ORDER BY s.valid_from"
)
_CHANGES = text(
    "SELECT id, operation, effective_on, document, recorded_at, withdrawn_at FROM agency_changes"
    " WHERE agency_id = :id ORDER BY effective_on, recorded_at, id"
)


async def detail(read: Reading, agency_id: UUID, as_of: date | None) -> AgencyDetail:
    """The agency on a day, today unless said.

    Raises:
        RefusedError: ``not-found`` where it does not stand that day.
    """
    values = {"id": agency_id, "day": as_of or read.today}
    row = (await read.connection.execute(_STATE, values)).one_or_none()
    if row is None:
        raise RefusedError.of("not-found")
    before, after = await _links(read, values)
    return AgencyDetail.model_validate(
        {
            **row._mapping,
            "as_of": values["day"],
            "breadcrumb": [dict(one._mapping) for one in await read.connection.execute(_ABOVE, values)],
            "posts": await _posts(read, values),
            "quotas": [dict(one._mapping) for one in await read.connection.execute(_QUOTAS, values)],
            "predecessors": before,
            "successors": after,
            "planned": [dict(one._mapping) for one in await read.connection.execute(_PLANNED, values)],
        }
    )


async def _posts(read: Reading, values: dict[str, Any]) -> list[dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = {}
    for row in await read.connection.execute(_POSTS, values):
        post = found.setdefault(row.id, {"id": row.id, "kind": row.kind, "title": row.title, "holders": []})
        if row.holding is not None:
            post["holders"].append(dict(row._mapping) | {"id": row.holding})
    return list(found.values())


async def _links(read: Reading, values: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows = [dict(one._mapping) for one in await read.connection.execute(_LINKS, values)]
    return [one for one in rows if not one["after"]], [one for one in rows if one["after"]]


async def history(read: Reading, agency_id: UUID) -> AgencyHistory:
    """All periods, past and to come, and each change with its document.

    Raises:
        RefusedError: ``not-found``.
    """
    values = {"id": agency_id, "day": date.max}
    periods = [dict(one._mapping) for one in await read.connection.execute(_PERIODS, values)]
    if not periods:
        raise RefusedError.of("not-found")
    before, after = await _links(read, values)
    return AgencyHistory.model_validate(
        {
            "id": agency_id,
            "periods": periods,
            "changes": [dict(one._mapping) for one in await read.connection.execute(_CHANGES, values)],
            "predecessors": before,
            "successors": after,
        }
    )
