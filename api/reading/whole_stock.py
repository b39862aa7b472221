"""The first approval of the whole stock: how far each agency is, and which profiles are not ready."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.scope import Reading
from models.access import Reach
from models.lifecycle.competence import signers
from models.record.law_of import Laws
from models.regulations import RuleSet

Standing = Literal["approved", "listed", "ready", "approved_before", "not_ready"]


class StockAgency(BaseModel):
    """One agency's part: its profiles of before the campaign's opening, by where they stand."""

    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    total: int = Field(title="Số hồ sơ")
    approved: int = Field(title="Đã được người có thẩm quyền phê duyệt theo quy định này")
    listed: int = Field(title="Trên danh sách, chờ phê duyệt")
    ready: int = Field(title="Đã nộp, chờ đưa vào danh sách")
    approved_before: int = Field(title="Chỉ mới được phê duyệt trước đó hoặc bởi người khác, chưa nộp lại")
    not_ready: int = Field(title="Chưa sẵn sàng: chưa có bản khai được nộp")
    list_id: UUID | None = Field(title="Danh sách đang mở", description="Lấy ở /agency-months/{id}")


class WholeStock(Page):
    """The campaign, a page of agencies; ``rule_id`` is empty where no rule asks for it or none was opened."""

    rule_id: str | None = Field(title="Quy định")
    citation: str | None = Field(title="Căn cứ")
    opened_on: date | None = Field(
        title="Mở từ ngày", description="Không có ngày cuối: không bao giờ quá hạn"
    )
    again: bool = Field(title="Cả hồ sơ đã được phê duyệt trước đó", description="Ký lại theo quy định này")
    document: str | None = Field(
        title="Văn bản mở đợt", description="Trống: bắt đầu cùng kỳ cuối tháng, không bằng văn bản"
    )
    items: list[StockAgency] = Field(title="Cơ quan")


class StockProfile(BaseModel):
    """One profile of the stock."""

    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    standing: Standing = Field(title="Tình trạng trong đợt phê duyệt")
    chapter: str = Field(title="Giai đoạn")


class StockProfiles(Page):
    """A page of the stock."""

    items: list[StockProfile] = Field(title="Hồ sơ")


_CAMPAIGN = text(
    "SELECT rule_id, citation, opened_on, opened_at, again, document FROM stock_campaigns"
    " WHERE rule_id = :rule"
)
_STOCK = (
    "(SELECT p.id, p.full_name, p.agency_id, p.chapter, hoso_sync_agent(p.agency_id) AS holder, CASE"
    " WHEN EXISTS (SELECT 1 FROM approvals s JOIN revisions a ON a.id = s.revision_id"
    "   WHERE s.profile_id = p.id AND s.state = 'signed' AND s.signed_at >= :opened"
    "   AND s.approver_role = ANY (:roles) AND a.state IN ('approved', 'superseded')) THEN 'approved'"
    " WHEN EXISTS (SELECT 1 FROM month_items i JOIN agency_months m ON m.id = i.agency_month_id"
    "   WHERE i.profile_id = p.id AND m.kind = 'whole_stock' AND m.state <> 'closed'"
    "   AND i.state = 'listed') THEN 'listed'"
    " WHEN p.pending_revision_id IS NOT NULL THEN 'ready'"
    " WHEN p.approved_revision_id IS NOT NULL THEN 'approved_before' ELSE 'not_ready' END AS standing"
    " FROM profiles p WHERE p.chapter NOT IN ('separation', 'archive') AND p.created_at < :opened"
    # Whom the campaign's law binds: units under another regulation have their own campaign, or none.
    " AND (p.agency_id = ANY (CAST(:units AS uuid[]))) = :named)"
)
_COUNT = "count(*) FILTER (WHERE k.standing = '{one}') AS {one}"
_COUNTS = ", ".join(
    _COUNT.format(one=one) for one in ("approved", "listed", "ready", "approved_before", "not_ready")
)
_AGENCIES = (
    f"SELECT k.holder AS agency_id, a.name AS agency, count(*) AS total, {_COUNTS}, (SELECT m.id"  # noqa: S608 — fragments above, values bound
    " FROM agency_months m WHERE m.agency_id = k.holder AND m.kind = 'whole_stock' AND m.state <> 'closed'"
    f" ORDER BY m.month DESC LIMIT 1) AS list_id FROM {_STOCK} k JOIN agencies a ON a.id = k.holder"
    " WHERE {within} AND (CAST(:last AS uuid) IS NULL OR k.holder > CAST(:last AS uuid))"
    " GROUP BY k.holder, a.name ORDER BY k.holder LIMIT :limit"
)
_PROFILES = (
    "SELECT k.id AS profile_id, k.full_name AS person, k.agency_id, k.standing, k.chapter"  # noqa: S608 — the same
    f" FROM {_STOCK} k WHERE {{within}}"
    " AND (CAST(:agency AS uuid) IS NULL OR k.holder = CAST(:agency AS uuid))"
    " AND (CAST(:standing AS text) IS NULL OR k.standing = :standing)"
    " AND (CAST(:last AS uuid) IS NULL OR k.id > CAST(:last AS uuid)) ORDER BY k.id LIMIT :limit"
)


async def progress(read: Reading, limit: int, after: str | None) -> WholeStock:
    """How far each agency in scope is.

    Raises:
        RefusedError: ``not-permitted``.
    """
    reach = await permits.within(read, "read_reports")
    key = key_of(after, UUID)
    found = await _campaign(read, reach)
    if found is None:
        return WholeStock(
            rule_id=None, citation=None, opened_on=None, again=False, document=None, items=[], next=None
        )
    row, values = found
    bound = {**values, "limit": limit + 1, "last": key[0] if key is not None else None}
    query = _AGENCIES.format(within=permits.covered(reach, "k.holder", bound))
    rows, more = page((await read.connection.execute(text(query), bound)).all(), limit)
    return WholeStock(
        rule_id=row.rule_id,
        citation=row.citation,
        opened_on=row.opened_on,
        again=row.again,
        document=row.document,
        items=[StockAgency.model_validate(dict(one._mapping)) for one in rows],
        next=cursor(rows[-1].agency_id) if more else None,
    )


async def profiles(
    read: Reading, *, agency: UUID | None, standing: Standing | None, limit: int, after: str | None
) -> StockProfiles:
    """The profiles of the stock in scope, all or those that stand at one point.

    Raises:
        RefusedError: ``not-permitted``.
    """
    reach = await permits.within(read, "read_profile")
    key = key_of(after, UUID)
    found = await _campaign(read, reach)
    if found is None:
        return StockProfiles(items=[], next=None)
    bound = {
        **found[1],
        "agency": agency,
        "standing": standing,
        "limit": limit + 1,
        "last": key[0] if key is not None else None,
    }
    query = _PROFILES.format(within=permits.covered(reach, "k.agency_id", bound))
    rows, more = page((await read.connection.execute(text(query), bound)).all(), limit)
    return StockProfiles(
        items=[StockProfile.model_validate(dict(row._mapping)) for row in rows],
        next=cursor(rows[-1].profile_id) if more else None,
    )


async def _campaign(read: Reading, reach: Reach) -> tuple[Any, dict[str, Any]] | None:
    """The campaign of the rule in force today with what its queries need; none where there is none.

    Where a part of the tree is under another regulation: the campaign of the authority's own law for whoever
    reads everywhere, else that of the law that binds the asker's part.
    """
    laws = await read.laws()
    mine = [laws.of(unit) for unit in sorted(reach.subtrees | reach.agencies)]
    for law in laws.every if reach.everywhere else mine:
        rule = law.slot("whole_stock_approval")
        if rule is None:
            continue
        row = (await read.connection.execute(_CAMPAIGN, {"rule": rule.rule.id})).one_or_none()
        if row is not None:
            return row, {"opened": row.opened_at, "roles": list(signers(rule)), **_bound(laws, law)}
    return None


def _bound(laws: Laws, law: RuleSet) -> dict[str, Any]:
    """The units the law binds: those of a regime by name, all but the regimes' where it is our own."""
    own = law.hash == laws.own.hash
    return {"units": sorted(laws.by_unit) if own else laws.units_under(law), "named": not own}
