"""What waits for the department, item by item over all lists, beside what the national database holds.

What it holds is known by its receipts: the last earlier revision that it accepted. Where the last comparison
found that it holds something else, those fields are named too.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import forms, permits
from api.reading.checks import CHECKS, Check
from api.reading.reconciliations import FORM
from api.scope import Reading
from models.calendar import legal_date
from models.errors import RefusedError
from models.form import catalogue
from models.record.awaited_acts import AT_GATE


class Held(BaseModel):
    """What the national database holds of the person, before what waits."""

    number: int = Field(title="Số phiên bản")
    on: date | None = Field(title="Ghi nhận ngày", description="Khi danh sách còn ghi / where a list says so")


class GateItem(BaseModel):
    """One profile that waits at the gate."""

    agency_month_id: UUID = Field(title="Danh sách")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    month: str = Field(title="Tháng")
    gate: str = Field(
        title="Vị trí phê duyệt", description="`before_outgoing_call`: trước khi gửi CSDLQG; `after`: sau"
    )
    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên")
    revision_id: UUID = Field(title="Phiên bản")
    number: int = Field(title="Số phiên bản")
    digest: str = Field(title="SHA-256 của nội dung")
    since: date = Field(title="Chờ từ ngày")
    risk: int | None = Field(title="Mức cần xem kỹ", description="Như ở danh sách tháng")
    held: Held | None = Field(title="CSDLQG đang giữ", description="Không có: gửi lần đầu / nothing so far")
    changed: list[forms.Change] = Field(
        title="Khác với CSDLQG", description="Từng mục, trước và sau; trống khi gửi lần đầu / field by field"
    )
    closed: bool = Field(
        title="Không được mở hồ sơ này", description="Ví dụ hồ sơ của chính mình / one's own"
    )
    held_otherwise: list[str] = Field(
        title="Mục CSDLQG giữ khác bản đã gửi",
        description="Theo lần đối soát gần nhất / by the last comparison",
    )
    compared_on: date | None = Field(title="Đối soát ngày")
    checks: list[Check] = Field(title="Các bước đã ký")


class GateItems(Page):
    """A page of what waits at the gate, list by list."""

    items: list[GateItem] = Field(title="Hồ sơ chờ phê duyệt")


# The gate after the call judges what they have just accepted: what they held before is what it replaced.
_HELD = (
    " LEFT JOIN LATERAL (SELECT o.revision_id, o.changed_at FROM month_items o JOIN agency_months k"
    "   ON k.id = o.agency_month_id JOIN revisions q ON q.id = o.revision_id"
    "   WHERE o.profile_id = i.profile_id AND q.number < r.number"
    "   AND (o.state IN ('accepted', 'released') OR o.state = 'sent_back' AND k.gate = 'after')"
    "   ORDER BY q.number DESC LIMIT 1) o ON true"
    " LEFT JOIN revisions b ON b.profile_id = i.profile_id AND b.number < r.number"
    "   AND b.id = coalesce(nullif(p.synced_revision_id, i.revision_id), o.revision_id)"
)
# One line of the last comparison stands for a profile until what was found has gone out again.
_OTHERWISE = (
    " LEFT JOIN LATERAL (SELECT d.fields, d.found_at FROM national_differences d"
    "   WHERE d.profile_id = i.profile_id AND d.kind = 'fields'"
    "   AND d.reconciliation_id = (SELECT id FROM reconciliations WHERE state = 'done'"
    "     ORDER BY ordered_at DESC, id DESC LIMIT 1)) d ON true"
)
_ITEMS = (
    "SELECT m.id AS agency_month_id, m.agency_id, a.name AS agency, m.month, m.gate, i.profile_id,"  # noqa: S608 — constants above
    " p.full_name AS person, i.revision_id, r.number, r.form_version, i.digest, i.changed_at, i.risk,"
    " b.id AS before, b.number AS held_number,"
    " CASE WHEN o.revision_id = b.id THEN o.changed_at END AS held_at,"
    " d.fields AS otherwise, d.found_at,"
    f" {CHECKS.format(row='i')} AS checks FROM agency_months m JOIN month_items i ON i.agency_month_id = m.id"
    " JOIN agencies a ON a.id = m.agency_id JOIN revisions r ON r.id = i.revision_id"
    " JOIN profiles p ON p.id = i.profile_id"
    f"{_HELD}{_OTHERWISE} WHERE {AT_GATE}"
)


async def waiting(
    read: Reading, *, agency: UUID | None, agency_month: UUID | None, limit: int, after: str | None
) -> GateItems:
    """Every item that waits, with what differs from what the national database holds, as far as one may see.

    Raises:
        RefusedError: ``not-permitted``.
    """
    await permits.within(read, "gate")
    where, values = "", dict[str, Any]({"limit": limit + 1})
    key = key_of(after, UUID, UUID)
    if key is not None:
        where += " AND (m.id, i.profile_id) > (CAST(:list AS uuid), CAST(:profile AS uuid))"
        values |= {"list": key[0], "profile": key[1]}
    for column, value in (("m.agency_id", agency), ("m.id", agency_month)):
        if value is not None:
            name = column.replace(".", "_")
            where += f" AND {column} = :{name}"
            values[name] = value
    query = text(f"{_ITEMS}{where} ORDER BY m.id, i.profile_id LIMIT :limit")
    rows, more = page((await read.connection.execute(query, values)).all(), limit)
    return GateItems(
        items=[await _item(read, row) for row in rows],
        next=cursor(rows[-1].agency_month_id, rows[-1].profile_id) if more else None,
    )


async def _item(read: Reading, row: Any) -> GateItem:
    """Opening the two forms is reading the file: it leaves the line that any reading of it leaves."""
    changed, closed = list[forms.Change](), False
    if row.before is not None:
        try:
            level = (await permits.profile(read, row.profile_id)).level
        except RefusedError as refused:
            if refused.refusal.code == "purpose-required":
                raise
            closed = True
        else:
            changed = await forms.compared(read, row.before, row.revision_id, row.form_version, level)
    form = catalogue(FORM)
    return GateItem.model_validate(
        {
            **row._mapping,
            "since": legal_date(row.changed_at),
            "held": Held(number=row.held_number, on=_day(row.held_at)) if row.before is not None else None,
            "changed": changed,
            "closed": closed,
            "held_otherwise": [form.label(name) for name in row.otherwise or () if name in form.by_name],
            "compared_on": _day(row.found_at),
        }
    )


def _day(at: datetime | None) -> date | None:
    return legal_date(at) if at is not None else None
