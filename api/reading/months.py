"""Month ends: was it done, where each agency stands, and what the approver is about to sign."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import forms, permits
from api.reading.checks import CHECKS, Check, Failure, failures
from api.reading.gate import VERBS
from api.reading.steps import Call, calls
from api.scope import Reading
from models.record.awaited_acts import AT_GATE

Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
State = Literal[
    "listed",
    "approved",
    "held",
    "cleared",
    "returned",
    "sent",
    "accepted",
    "rejected",
    "released",
    "sent_back",
    "moved",
]
"""Where an item of a list stands."""
STATES: tuple[State, ...] = get_args(State)


class MonthEnd(BaseModel):
    """One month of the authority."""

    month: str = Field(title="Tháng")
    state: str = Field(title="Trạng thái")
    opens_on: date = Field(title="Mở từ ngày")
    nominal_end: date = Field(title="Hết hạn theo quy chế")
    rolled_end: date = Field(title="Hết hạn sau khi dời vì ngày nghỉ")
    opened_at: datetime | None = Field(title="Mở lúc")
    closed_at: datetime | None = Field(title="Kết thúc lúc")
    agencies: int = Field(title="Số cơ quan trong phạm vi")
    agencies_closed: int = Field(title="Số cơ quan đã xong")


class MonthEnds(Page):
    """Month ends, the newest first."""

    items: list[MonthEnd] = Field(title="Kỳ cuối tháng")


class AgencyMonthLine(BaseModel):
    """One agency's month."""

    id: UUID = Field(title="Danh sách tháng")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    month: str = Field(title="Tháng")
    state: str = Field(title="Trạng thái")
    opens_on: date = Field(title="Mở từ ngày")
    nominal_end: date = Field(title="Hết hạn theo quy chế")
    rolled_end: date = Field(title="Hết hạn sau khi dời vì ngày nghỉ")
    overdue: bool = Field(title="Quá hạn")
    kind: str = Field(
        title="Loại danh sách",
        description="`month`: tháng; `whole_stock`: phê duyệt lần đầu toàn bộ hồ sơ; `event`: đã phê duyệt,"
        " gửi theo thời hạn từng việc. Hai loại sau không có ngày cuối (ghi 31/12/2099)",
    )
    listed: int = Field(title="Số hồ sơ trong danh sách")
    counts: dict[str, int] = Field(title="Số hồ sơ theo trạng thái")
    gate: str = Field(
        title="Cơ quan quản lý phê duyệt",
        description="`before_outgoing_call`: trước khi gửi CSDLQG; `after`: sau khi gửi; `none`: không có",
    )
    at_gate: int = Field(title="Số hồ sơ chờ cơ quan quản lý phê duyệt")
    closed_at: datetime | None = Field(title="Kết thúc lúc")


class AgencyMonths(Page):
    """A page of agencies' months."""

    items: list[AgencyMonthLine] = Field(title="Danh sách tháng")


class Item(BaseModel):
    """One profile on the list, with what changed since it was last approved, or since it was last sent."""

    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên")
    revision_id: UUID = Field(title="Phiên bản")
    number: int | None = Field(
        title="Số phiên bản",
        description="Không có: hồ sơ đã lưu trữ, chỉ người được xem lưu trữ thấy / archived since",
    )
    digest: str = Field(title="SHA-256 của nội dung")
    state: str = Field(title="Trạng thái")
    reason: str | None = Field(title="Lý do")
    tran_code: str | None = Field(title="Mã giao dịch")
    compared_with: int | None = Field(
        title="So với phiên bản",
        description="Còn chờ phê duyệt: phiên bản được phê duyệt gần nhất; đã phê duyệt: phiên bản gửi CSDLQG"
        " gần nhất. Không có: lần đầu / the last approved while it waits, then the last sent",
    )
    changed: list[str] = Field(title="Mục thay đổi")
    risk: int | None = Field(
        title="Mức cần xem kỹ",
        description="4 nhân thân + 2 lương + 1 ngày tháng; trống: chưa so sánh / identity, salary, dates",
    )
    checks: list[Check] = Field(title="Các bước đã ký")
    failures: list[Failure] = Field(
        title="Những lần không đạt", description="Từ lần phê duyệt trước / since the last approval"
    )


class AgencyMonth(AgencyMonthLine, Page):
    """One agency's month with a page of its items."""

    summary: dict[str, Any] = Field(title="Tóm tắt")
    items: list[Item] = Field(title="Hồ sơ")
    calls: list[Call] = Field(title="Lời gọi giải quyết")


UNKNOWN = 8
"""Above every known risk."""
_MONTHS = (
    "SELECT e.*, (SELECT count(*) FROM agency_months m WHERE m.month = e.month) AS agencies,"
    " (SELECT count(*) FROM agency_months m WHERE m.month = e.month AND m.state = 'closed')"
    " AS agencies_closed"
    " FROM month_ends e WHERE {where} ORDER BY e.month DESC LIMIT :limit"
)
_COUNTS = (
    "(SELECT coalesce(json_object_agg(state, n), '{}') FROM (SELECT i.state, count(*) AS n FROM month_items i"
    " WHERE i.agency_month_id = m.id GROUP BY i.state) AS counted)"
)
_AT_GATE = f"(SELECT count(*) FROM month_items i WHERE i.agency_month_id = m.id AND {AT_GATE})"  # noqa: S608 — the same
_LINE = (
    f"SELECT m.id, m.agency_id, a.name AS agency, m.month, m.state, m.opens_on, m.nominal_end,"  # noqa: S608 — constants
    f" m.rolled_end, m.kind, m.listed, {_COUNTS} AS counts, m.gate, {_AT_GATE} AS at_gate,"
    " m.closed_at, m.summary FROM agency_months m"
    " JOIN agencies a ON a.id = m.agency_id"
)
_ONE = text(f"{_LINE} WHERE m.id = :id")
_ITEMS = (
    "SELECT i.profile_id, p.full_name AS person, i.revision_id, r.number, r.form_version, i.digest, i.state,"  # noqa: S608 — constants
    " i.reason, i.risk, i.tran_code, b.id AS before, b.number AS compared_with,"
    f" {CHECKS.format(row='i')} AS checks FROM month_items i"
    " LEFT JOIN revisions r ON r.id = i.revision_id JOIN profiles p ON p.id = i.profile_id"
    # Whoever approves has seen what was approved, sent or not; afterwards it is about what was sent.
    " LEFT JOIN revisions b ON b.profile_id = p.id AND b.id = CASE WHEN i.state = 'listed'"
    " THEN p.approved_revision_id ELSE coalesce(nullif(p.synced_revision_id, i.revision_id),"
    " p.approved_revision_id) END"
    " AND b.id <> i.revision_id WHERE i.agency_month_id = :id{where}"
    " ORDER BY coalesce(i.risk, 8) DESC, i.profile_id LIMIT :limit"
)


async def month_ends(read: Reading, limit: int, after: str | None) -> MonthEnds:
    """The authority's month ends, with the state of the agencies in scope."""
    await permits.within(read, "read_reports")
    key = key_of(after, str)
    where = "e.month < :last" if key is not None else "true"
    values = {"limit": limit + 1, "last": key[0] if key is not None else None}
    result = await read.connection.execute(text(_MONTHS.format(where=where)), values)
    rows, more = page(result.all(), limit)
    return MonthEnds(
        items=[MonthEnd.model_validate(dict(row._mapping)) for row in rows],
        next=cursor(rows[-1].month) if more else None,
    )


async def agency_months(
    read: Reading, *, month: str | None, agency: UUID | None, below: bool, limit: int, after: str | None
) -> AgencyMonths:
    """The months of the agencies in scope; their counts say how much is still to be done.

    With ``below`` also of the units beneath the agency that is named.
    """
    reach = await permits.within(read, "read_reports")
    values: dict[str, Any] = {"month": month, "agency": agency, "limit": limit + 1}
    where = [permits.covered(reach, "m.agency_id", values)]
    if month is not None:
        where.append("m.month = :month")
    if agency is not None:
        units = permits.AGENCIES.replace(":subtrees", "ARRAY[:agency]") if below else None
        where.append(f"m.agency_id = ANY ({units})" if units else "m.agency_id = :agency")
    key = key_of(after, UUID)
    if key is not None:
        where.append("m.id > CAST(:last AS uuid)")
        values["last"] = key[0]
    query = f"{_LINE} WHERE {' AND '.join(where)} ORDER BY m.id LIMIT :limit"
    rows, more = page((await read.connection.execute(text(query), values)).all(), limit)
    return AgencyMonths(
        items=[AgencyMonthLine.model_validate(_row(row, read)) for row in rows],
        next=cursor(rows[-1].id) if more else None,
    )


async def agency_month(
    read: Reading, month_id: UUID, states: Sequence[State] | None, limit: int, after: str | None
) -> AgencyMonth:
    """One agency's month; each item with what changed since last time, every earlier check and failure (R34).

    With ``states`` only the items that stand so: a number of the board, opened.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = (await read.connection.execute(_ONE, {"id": month_id})).one_or_none()
    if row is None:
        raise permits.missing()
    level = (await permits.at(read, "read_profile", row.agency_id)).level
    key = key_of(after, int, UUID)
    where = " AND (-coalesce(i.risk, 8), i.profile_id) > (:risk, CAST(:last AS uuid))" if key else ""
    risk, last = key or (None, None)
    values: dict[str, Any] = {"id": month_id, "limit": limit + 1, "risk": risk, "last": last}
    if states:
        where += " AND i.state = ANY (:states)"
        values["states"] = list(states)
    result = await read.connection.execute(text(_ITEMS.format(where=where)), values)
    items, more = page(result.all(), limit)
    failed = await failures(read, month_id, row.agency_id, items)
    approvable = row.state != "closed" and row.counts.get("listed")
    verbs = (*(VERBS if row.at_gate else ()), *(("approve_list", "cut_list") if approvable else ()))
    unsent = row.state != "closed" and (row.counts.get("approved") or row.counts.get("cleared"))
    verbs += ("hold_items",) * bool(unsent)
    verbs += ("lift_hold",) * bool(row.state != "closed" and row.counts.get("held"))
    return AgencyMonth.model_validate(
        {
            **_row(row, read),
            "items": [await _item(read, item, level, failed.get(item.profile_id, [])) for item in items],
            "next": cursor(-_risk(items[-1]), items[-1].profile_id) if more else None,
            "calls": calls(verbs, agency_month_id=month_id),
        }
    )


async def _item(read: Reading, row: Any, level: int, failed: list[Failure]) -> Item:
    changed: list[str] = []
    if row.before is not None and row.number is not None:  # of who was archived since, nothing is compared
        changes = await forms.compared(read, row.before, row.revision_id, row.form_version, level)
        changed = [change.label for change in changes]
    return Item.model_validate({**row._mapping, "changed": changed, "failures": failed})


def _risk(row: Any) -> int:
    """Its place in the order: what nobody has compared yet stands first."""
    return UNKNOWN if row.risk is None else int(row.risk)


def _row(row: Any, read: Reading) -> dict[str, Any]:
    overdue = row.state != "closed" and read.today > row.rolled_end
    return {**row._mapping, "overdue": overdue}
