"""Which agencies are behind, by rank and rule; and whether one agency is up to date, for other systems.

An answer here decides nothing: where a text lets the department leave the matters of an agency that is behind
unsettled, people decide it, and the answer cites the text.
"""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.scope import Reading
from models.access import Target
from models.calendar import Calendar, MissingYear
from models.lifecycle.quality import Criterion
from models.regulations import Slot

Level = Literal["unit", "first_rank"]


class Behind(BaseModel):
    """What is overdue under one rule."""

    rule_id: str = Field(title="Mã quy định")
    citation: str = Field(title="Căn cứ")
    slot: str = Field(title="Loại nghĩa vụ")
    count: int = Field(title="Số việc quá hạn")
    first_due: date = Field(title="Hạn sớm nhất")
    late_days: int | None = Field(
        title="Số ngày làm việc trễ nhất", description="Không có khi lịch năm chưa được nạp"
    )


class AgencyBehind(BaseModel):
    """One agency that is behind."""

    rank: int = Field(title="Thứ hạng", description="1 là nhiều việc quá hạn nhất")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    code: str = Field(title="Mã cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    overdue: int = Field(title="Số việc quá hạn")
    rules: list[Behind] = Field(title="Theo quy định")


class AgenciesBehind(Page):
    """A page of agencies that are behind, the furthest first."""

    as_of: datetime = Field(title="Tính đến")
    items: list[AgencyBehind] = Field(title="Cơ quan, đơn vị chậm")


class MeasuredData(BaseModel):
    """The agency's profiles in the newest data review that measured them."""

    period: str = Field(title="Kỳ rà soát")
    measured_at: datetime = Field(title="Đo lúc")
    profiles: int = Field(title="Số hồ sơ đang quản lý")
    failing: dict[str, int] = Field(title="Số hồ sơ chưa đạt theo tiêu chí")


class Consequence(BaseModel):
    """What the law lets people do where an agency is behind."""

    citation: str = Field(title="Căn cứ")
    text: str = Field(title="Nội dung")
    text_en: str = Field(title="Nội dung (tiếng Anh)")
    decided_by: Literal["people"] = Field(
        default="people", title="Ai quyết định", description="Phần mềm không tự từ chối, không tự chấp nhận"
    )


class Compliance(BaseModel):
    """Whether an agency with its subordinate units is up to date."""

    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    code: str = Field(title="Mã cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    as_of: datetime = Field(title="Tính đến")
    up_to_date: bool = Field(title="Đã cập nhật đúng hạn", description="Không có nghĩa vụ nào quá hạn")
    overdue: int = Field(title="Số việc quá hạn")
    behind: list[Behind] = Field(title="Quá hạn theo quy định")
    full_and_accurate: bool | None = Field(
        title="Đầy đủ, chính xác",
        description="Theo lần đo gần nhất (tiêu chí đúng, đủ); không có khi chưa đo",
    )
    measured: MeasuredData | None = Field(title="Lần đo gần nhất")
    consequence: Consequence | None = Field(
        title="Hệ quả theo quy định", description="Không có khi quy định đang có hiệu lực không nêu"
    )


_LATE = "d.state = 'open' AND d.due_at <= :now AND d.due_on IS NOT NULL"
_RULES = (
    "json_agg(json_build_object('rule_id', rule_id, 'citation', citation, 'slot', slot, 'count', n,"
    " 'first_due', first) ORDER BY n DESC, rule_id)"
)
_RANKED = (
    "WITH late AS (SELECT d.agency_id AS unit, d.rule_id, d.citation, d.slot, count(*) AS n,"  # noqa: S608 — fragments above and below, values bound
    f" min(d.due_on) AS first FROM duties d WHERE {_LATE}{{where}} GROUP BY 1, 2, 3, 4),"
    " placed AS (SELECT {place} AS agency_id, rule_id, citation, slot, sum(n)::int AS n, min(first) AS first"
    "   FROM late GROUP BY 1, 2, 3, 4),"
    " ranked AS (SELECT agency_id, sum(n)::int AS overdue,"
    "   rank() OVER (ORDER BY sum(n) DESC, min(first)) AS rank,"
    f"   {_RULES} AS rules FROM placed GROUP BY agency_id)"
    " SELECT r.*, a.code, a.name AS agency FROM ranked r JOIN agencies a ON a.id = r.agency_id"
    " WHERE {after} ORDER BY r.rank, r.agency_id LIMIT :limit"
)
_BELOW = "(SELECT c.descendant_id FROM agency_closure c WHERE c.ancestor_id = :agency AND c.valid_to IS NULL)"
_BEHIND = text(
    "SELECT d.rule_id, d.citation, d.slot, count(*) AS count, min(d.due_on) AS first_due FROM duties d"  # noqa: S608 — the same
    f" WHERE {_LATE} AND d.agency_id IN {_BELOW} GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1"
)
_AGENCY = text(
    "SELECT a.id, a.code, a.name, ARRAY(SELECT c.ancestor_id FROM agency_closure c"
    " WHERE c.descendant_id = a.id AND c.valid_to IS NULL ORDER BY c.depth) AS ancestors"
    " FROM agencies a WHERE a.id = :agency"
)
_MEASURED = text(
    "SELECT w.id, w.period, w.measured_at, (SELECT count(*) FROM profiles p WHERE p.chapter NOT IN"  # noqa: S608 — the same
    f" ('separation', 'archive') AND p.agency_id IN {_BELOW}) AS profiles"
    " FROM reviews w WHERE w.measured_at IS NOT NULL ORDER BY w.measured_at DESC, w.id LIMIT 1"
)
_FAILING = text(
    "SELECT k.criterion, count(*) AS n FROM review_findings f"  # noqa: S608 — the same
    " CROSS JOIN LATERAL jsonb_object_keys(f.faults) AS k (criterion)"
    f" WHERE f.review_id = :review AND f.agency_id IN {_BELOW} GROUP BY 1"
)
JUDGED = (Criterion.CORRECT, Criterion.COMPLETE)
"""Criteria that "đầy đủ, chính xác" asks for."""


async def behind(
    read: Reading, *, level: Level, rule: str | None, slot: Slot | None, limit: int, after: str | None
) -> AgenciesBehind:
    """Agencies with overdue duties in scope, the furthest behind first.

    Raises:
        RefusedError: ``not-permitted``.
    """
    reach = await permits.within(read, "read_reports")
    values: dict[str, Any] = {}
    where = f" AND {permits.covered(reach, 'd.agency_id', values)}"
    for name, value in (("rule_id", rule), ("slot", slot.value if slot else None)):
        if value is not None:
            where += f" AND d.{name} = :{name}"
            values[name] = value
    key = key_of(after, int, UUID)
    follows = "true"
    if key is not None:
        follows = "(r.rank, r.agency_id) > (:rank, CAST(:last AS uuid))"
        values |= {"rank": key[0], "last": key[1]}
    place = "unit" if level == "unit" else "hoso_first_rank(unit)"
    query = text(_RANKED.format(where=where, place=place, after=follows))
    values |= {"now": read.now, "limit": limit + 1}
    rows, more = page((await read.connection.execute(query, values)).all(), limit)
    _, calendar = await read.own_law()
    return AgenciesBehind(
        as_of=read.now,
        items=[_agency(row, read.today, calendar) for row in rows],
        next=cursor(rows[-1].rank, rows[-1].agency_id) if more else None,
    )


async def compliance(read: Reading, agency_id: UUID) -> Compliance:
    """One agency with its subordinate units.

    Raises:
        RefusedError: ``not-found`` out of scope, ``not-permitted`` without the role.
    """
    reach = await permits.within(read, "read_reports")
    agency = (await read.connection.execute(_AGENCY, {"agency": agency_id})).one_or_none()
    if agency is None or not reach.covers(Target(agency_id, tuple(agency.ancestors))):
        raise permits.missing()
    law, calendar = await read.law_at(agency_id)
    rows = (await read.connection.execute(_BEHIND, {"agency": agency_id, "now": read.now})).all()
    late = [_behind(dict(row._mapping), read.today, calendar) for row in rows]
    measured = await _measured(read, agency_id)
    refusal = law.slot(Slot.COMPLIANCE_REFUSAL)
    return Compliance(
        agency_id=agency_id,
        code=agency.code,
        agency=agency.name,
        as_of=read.now,
        up_to_date=not late,
        overdue=sum(one.count for one in late),
        behind=late,
        full_and_accurate=_judged(measured),
        measured=measured,
        consequence=refusal
        and Consequence(citation=refusal.citation, text=refusal.text_vi, text_en=refusal.text_en),
    )


async def _measured(read: Reading, agency_id: UUID) -> MeasuredData | None:
    row = (await read.connection.execute(_MEASURED, {"agency": agency_id})).one_or_none()
    if row is None:
        return None
    counted = await read.connection.execute(_FAILING, {"agency": agency_id, "review": row.id})
    failing = dict.fromkeys((one.value for one in Criterion), 0) | {one.criterion: one.n for one in counted}
    return MeasuredData(
        period=row.period, measured_at=row.measured_at, profiles=row.profiles, failing=failing
    )


def _judged(measured: MeasuredData | None) -> bool | None:
    if measured is None:
        return None
    return not any(measured.failing[one.value] for one in JUDGED)


def _agency(row: Any, today: date, calendar: Calendar) -> AgencyBehind:
    values = {name: value for name, value in row._mapping.items() if name != "rules"}
    return AgencyBehind(**values, rules=[_behind(one, today, calendar) for one in row.rules])


def _behind(values: dict[str, Any], today: date, calendar: Calendar) -> Behind:
    first = values["first_due"]
    due = date.fromisoformat(first) if isinstance(first, str) else first
    return Behind(**{**values, "first_due": due, "late_days": _late(due, today, calendar)})


def _late(due: date, today: date, calendar: Calendar) -> int | None:
    try:
        return max(0, calendar.working_days_between(due, today))
    except MissingYear:
        return None
