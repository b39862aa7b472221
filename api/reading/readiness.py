"""The board before the window: how ready each unit is, the worst first, and who lacks what.

The sums are kept as profiles change (migration 0061), so the board costs the same at any hour and size; what
depends on a month is read from that month's lists, which belong to whoever synchronises for the unit.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits, read_log
from api.reading.readiness_months import MonthFigures, figures, lists_of, previous
from api.scope import Reading
from models.access import Target
from models.form import catalogue, may_know
from models.form.fields import Catalogue
from models.lifecycle.quality import CRITERION_EN, CRITERION_VI, MEASURE_VI, Criterion, criteria_of
from models.lifecycle.readiness import BITS, MEASURES_EN, MEASURES_VI, Measure, about
from models.regulations import Slot

Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Level = Literal["unit", "first_rank"]


class MeasureWords(BaseModel):
    """One column of the board."""

    measure: str = Field(title="Chỉ tiêu")
    name: str = Field(title="Tên chỉ tiêu")
    name_en: str = Field(title="Tên chỉ tiêu (tiếng Anh)")


class CriterionWords(BaseModel):
    """One criterion of data quality and what it stands on."""

    criterion: str = Field(title="Tiêu chí")
    name: str = Field(title="Tên tiêu chí")
    name_en: str = Field(title="Tên tiêu chí (tiếng Anh)")
    how: str = Field(title="Cách đo", description="Chính sách của hệ thống: văn bản không nêu cách đo")
    citation: str | None = Field(title="Căn cứ", description="Không có: văn bản đang có hiệu lực không nêu")


class UnitReadiness(BaseModel):
    """How ready one unit is."""

    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    code: str = Field(title="Mã cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    profiles: int = Field(title="Số hồ sơ")
    unready: int = Field(title="Số hồ sơ chưa sẵn sàng")
    met: dict[str, int] = Field(title="Số hồ sơ đạt theo chỉ tiêu")
    scores: dict[str, float | None] = Field(
        title="Điểm theo tiêu chí", description="Phần trăm hồ sơ đạt; không có khi không có hồ sơ"
    )
    this_month: MonthFigures | None = Field(
        title="Tháng này", description="Không có: danh sách chưa lập, hoặc cơ quan khác đồng bộ thay"
    )
    last_month: MonthFigures | None = Field(title="Tháng trước")
    synchronised_by: UUID | None = Field(title="Cơ quan đồng bộ thay", description="Khi không tự đồng bộ")


class Board(Page):
    """A page of units, the least ready first."""

    as_of: datetime = Field(title="Tính đến")
    month: str = Field(title="Tháng")
    measures: list[MeasureWords] = Field(title="Chỉ tiêu")
    criteria: list[CriterionWords] = Field(title="Tiêu chí chất lượng dữ liệu")
    items: list[UnitReadiness] = Field(title="Cơ quan, đơn vị")


class Lack(BaseModel):
    """What exactly is missing or wrong; never a value."""

    code: str = Field(title="Mã lỗi")
    path: str = Field(title="Vị trí trong bản khai", description="Trống: về cả hồ sơ")
    label: str = Field(title="Mục")
    label_en: str = Field(title="Mục (tiếng Anh)")
    citation: str = Field(title="Căn cứ của mục", description="Trống: không phải một mục của bản khai")
    mended_by: Literal["person", "hr_officer", "approver", "sync_agent"] = Field(title="Ai sửa được")


class Owed(BaseModel):
    """An open duty of the profile."""

    duty_id: UUID = Field(title="Nghĩa vụ")
    slot: str = Field(title="Loại nghĩa vụ")
    party: str = Field(title="Ai phải làm")
    citation: str = Field(title="Căn cứ")
    due_on: date | None = Field(title="Hạn")


class Unready(BaseModel):
    """One profile that does not meet the measure."""

    profile_id: UUID = Field(title="Hồ sơ")
    person: str = Field(title="Họ và tên")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    measured_at: datetime | None = Field(title="Đo lúc", description="Không có: chưa đo")
    lacks: list[Lack] = Field(title="Còn thiếu, còn sai")
    duties: list[Owed] = Field(title="Nghĩa vụ đang mở")


class UnreadyProfiles(Page):
    """A page of profiles behind one number of the board."""

    measure: str = Field(title="Chỉ tiêu")
    level: int = Field(
        title="Nêu mục đến độ hạn chế", description="Mục có độ cao hơn không nêu / fields above are not named"
    )
    items: list[Unready] = Field(title="Hồ sơ")


_MET = ", ".join(
    f"coalesce(sum(n) FILTER (WHERE marks & {int(bits)} = {int(bits)}), 0)::int AS {one.value}"
    for one, bits in BITS.items()
)
_UNITS = (
    "WITH counted AS (SELECT agency_id AS unit, marks, sum(n) AS n FROM readiness_counts c"  # noqa: S608 — fragments of this file, values bound
    " WHERE {within} GROUP BY 1, 2),"
    # Each unit is placed once, however many marks its people carry.
    " placed AS MATERIALIZED (SELECT unit, {place} AS agency_id FROM (SELECT DISTINCT unit FROM counted) u),"
    f" summed AS (SELECT agency_id, sum(n)::int AS profiles, {_MET} FROM counted JOIN placed USING (unit)"
    "   GROUP BY 1)"
    " SELECT s.*, s.profiles - s.ready AS unready, a.code, a.name AS agency, hoso_sync_agent(a.id) AS agent"
    " FROM (SELECT *, ready - profiles AS worst FROM summed WHERE profiles > 0) s"
    " JOIN agencies a ON a.id = s.agency_id WHERE {after} ORDER BY s.worst, s.agency_id LIMIT :limit"
)
_FIRST_RANK = (
    "(SELECT f.id FROM agency_closure k JOIN agencies f ON f.id = k.ancestor_id"
    " LEFT JOIN agencies up ON up.id = f.parent_id WHERE k.descendant_id = unit AND k.valid_to IS NULL"
    " AND (f.parent_id IS NULL OR up.parent_id IS NULL) ORDER BY k.depth LIMIT 1)"
)
_AGENCY = text(
    "SELECT a.id, ARRAY(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = a.id"
    " AND c.valid_to IS NULL) AS ancestors FROM agencies a WHERE a.id = :agency"
)
_PROFILES = (
    "SELECT r.profile_id, p.full_name AS person, r.agency_id, r.measured_at, r.faults, v.form_version,"
    " (SELECT coalesce(json_agg(json_build_object('duty_id', d.id, 'slot', d.slot, 'party', d.party,"
    "   'citation', d.citation, 'due_on', d.due_on) ORDER BY d.due_on, d.id), '[]') FROM duties d"
    "   WHERE d.profile_id = r.profile_id AND d.state = 'open') AS duties"
    " FROM readiness r JOIN profiles p ON p.id = r.profile_id LEFT JOIN revisions v ON v.id = r.revision_id"
    " WHERE r.marks & :bits <> :bits AND {where} ORDER BY r.profile_id LIMIT :limit"
)


async def board(read: Reading, *, month: str, level: Level, limit: int, after: str | None) -> Board:
    """Every unit in scope, the one with most profiles that are not ready first.

    Raises:
        RefusedError: ``not-permitted``.
    """
    reach = await permits.within(read, "read_reports")
    key = key_of(after, int, UUID)
    values: dict[str, Any] = {"limit": limit + 1}
    if key is not None:
        values |= {"worst": key[0], "last": key[1]}
    place = "unit" if level == "unit" else _FIRST_RANK
    query = _UNITS.format(
        place=place,
        within=permits.covered(reach, "c.agency_id", values),
        after="true" if key is None else "(s.worst, s.agency_id) > (:worst, CAST(:last AS uuid))",
    )
    rows, more = page((await read.connection.execute(text(query), values)).all(), limit)
    shown = [row.agency_id for row in rows]
    lists = await lists_of(read, reach, shown, month, place)
    return Board(
        as_of=read.now,
        month=month,
        measures=[
            MeasureWords(measure=one.value, name=MEASURES_VI[one], name_en=MEASURES_EN[one])
            for one in Measure
        ],
        criteria=await _criteria(read),
        items=[_unit(row, lists, month) for row in rows],
        next=cursor(rows[-1].worst, rows[-1].agency_id) if more else None,
    )


async def unready(
    read: Reading, agency_id: UUID, *, measure: Measure, below: bool, limit: int, after: str | None
) -> UnreadyProfiles:
    """Who of a unit (with ``below`` of its units, too) does not meet a measure, and what each lacks.

    Raises:
        RefusedError: ``not-found`` out of scope, ``not-permitted`` without the role.
    """
    reach = await permits.within(read, "read_reports")
    agency = (await read.connection.execute(_AGENCY, {"agency": agency_id})).one_or_none()
    if agency is None or not reach.covers(Target(agency_id, tuple(agency.ancestors))):
        raise permits.missing()
    where = f"r.agency_id = ANY ({permits.AGENCIES})" if below else "r.agency_id = :agency"
    values: dict[str, Any] = {"limit": limit + 1, "bits": int(BITS[measure])}
    values |= {"subtrees": [agency_id]} if below else {"agency": agency_id}
    key = key_of(after, UUID)
    if key is not None:
        where += " AND r.profile_id > CAST(:last AS uuid)"
        values["last"] = key[0]
    found = await read.connection.execute(text(_PROFILES.format(where=where)), values)
    rows, more = page(found.all(), limit)
    level = await permits.level_in(read, agency_id)
    as_what = replace(await permits.at(read, "read_reports", agency_id), level=max(level, 1))
    await read_log.record_several(read, [row.profile_id for row in rows], as_what)
    return UnreadyProfiles(
        measure=measure.value,
        level=level,
        items=[_profile(row, measure, level) for row in rows],
        next=cursor(rows[-1].profile_id) if more else None,
    )


async def _criteria(read: Reading) -> list[CriterionWords]:
    law, _ = await read.law_at(read.who.agency_id)
    rule = law.slot(Slot.QUALITY_CRITERIA)
    named = criteria_of(rule.rule.items) if rule is not None else ()
    return [
        CriterionWords(
            criterion=one.value,
            name=CRITERION_VI[one],
            name_en=CRITERION_EN[one],
            how=MEASURE_VI[one],
            citation=rule.citation if rule is not None and one in named else None,
        )
        for one in Criterion
    ]


def _unit(row: Any, lists: dict[tuple[UUID, str], Any], month: str) -> UnitReadiness:
    met = {one.value: getattr(row, one.value) for one in Measure}
    return UnitReadiness(
        agency_id=row.agency_id,
        code=row.code,
        agency=row.agency,
        profiles=row.profiles,
        unready=row.unready,
        met=met,
        scores={one.value: _score(met[_SCORED[one].value], row.profiles) for one in Criterion},
        this_month=figures(lists.get((row.agency_id, month))),
        last_month=figures(lists.get((row.agency_id, previous(month)))),
        synchronised_by=row.agent if row.agent != row.agency_id else None,
    )


_SCORED = {
    Criterion.CORRECT: Measure.CORRECT,
    Criterion.COMPLETE: Measure.FULL,
    Criterion.CLEAN: Measure.CLEAN,
    Criterion.LIVE: Measure.LIVE,
    Criterion.UNIFIED: Measure.UNIFIED,
    Criterion.SHARED: Measure.SHARED,
}


def _score(met: int, profiles: int) -> float | None:
    """Per cent of the profiles, rounded down so that 100 means all."""
    return met * 1000 // profiles / 10 if profiles else None


def _profile(row: Any, measure: Measure, level: int) -> Unready:
    """What is wrong with a field that the reader does not see tells about it: it is not named."""
    form = catalogue(row.form_version) if row.form_version else None
    faults = [
        (code, path)
        for code, path in _faults(row, measure)
        if not path or (form is not None and may_know(form.version, path, level))
    ]
    return Unready(
        profile_id=row.profile_id,
        person=row.person,
        agency_id=row.agency_id,
        measured_at=row.measured_at,
        lacks=[_lack(form, code, path) for code, path in faults],
        duties=[Owed.model_validate(one) for one in row.duties],
    )


_OF_ROW = {
    Measure.MEASURED: ("not-measured", ""),
    Measure.SIGNED: ("not-signed", ""),
    Measure.SHARED: ("never-synchronised", ""),
    Measure.ACCEPTED: ("not-accepted", ""),
}
"""What the profile's row says by itself, as a fault."""
_MENDED: dict[str, Literal["hr_officer", "approver", "sync_agent"]] = {
    "not-measured": "hr_officer",
    "unreadable": "hr_officer",
    "duplicate-person": "hr_officer",
    "duplicate-staff-number": "hr_officer",
    "not-signed": "approver",
    "not-accepted": "sync_agent",
    "not-synchronised": "sync_agent",
    "never-synchronised": "sync_agent",
}


def _faults(row: Any, measure: Measure) -> list[tuple[str, str]]:
    if row.measured_at is None:
        return [_OF_ROW.get(measure, _OF_ROW[Measure.MEASURED])]
    return about(measure, row.faults) or ([_OF_ROW[measure]] if measure in _OF_ROW else [])


def _lack(form: Catalogue | None, code: str, path: str) -> Lack:
    if form is None or not path:
        label, label_en, citation, owner = "", "", "", "person"
    else:
        field = form.by_name.get(path.partition("[")[0].partition(".")[0])
        label, label_en = form.label(path), form.label_en(path)
        citation = form.citation(field) if field else ""
        owner = field.owner if field else "person"
    by = _MENDED.get(code) or ("hr_officer" if owner == "agency" else "person")
    return Lack(code=code, path=path, label=label, label_en=label_en, citation=citation, mended_by=by)
