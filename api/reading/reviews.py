"""Data reviews: was it done, where each agency stands, which profiles fail which criterion."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits, read_log
from api.reading.steps import Call, calls
from api.scope import Reading
from models.access import Allowed
from models.errors import RefusedError
from models.form import catalogue, may_know
from models.lifecycle.quality import CRITERION_EN, CRITERION_VI, MEASURE_VI, Criterion, criteria_of
from models.regulations import Slot


class CriterionWords(BaseModel):
    """One criterion with how it is measured and what it stands on."""

    criterion: str = Field(title="Tiêu chí")
    name: str = Field(title="Tên tiêu chí")
    name_en: str = Field(title="Tên tiêu chí (tiếng Anh)")
    measure: str = Field(title="Cách đo", description="Chính sách của hệ thống: văn bản không nêu cách đo")
    citation: str | None = Field(title="Căn cứ", description="Không có: văn bản đang có hiệu lực không nêu")


class Review(BaseModel):
    """One period's data review."""

    id: UUID = Field(title="Kỳ rà soát")
    period: str = Field(title="Kỳ", description="`yyyy-q1` là quý, `yyyy` là năm")
    slot: str = Field(title="Loại báo cáo")
    citation: str = Field(title="Căn cứ")
    state: str = Field(title="Trạng thái")
    opens_on: date = Field(title="Mở từ ngày")
    due_on: date = Field(title="Hạn báo cáo")
    policy_date: bool = Field(title="Hạn là chính sách", description="Văn bản không nêu ngày báo cáo")
    overdue: bool = Field(title="Quá hạn")
    measured_at: datetime | None = Field(title="Đo lúc")
    closed_at: datetime | None = Field(title="Kết thúc lúc")
    reports: int = Field(title="Số báo cáo trong phạm vi", description="Chỉ cơ quan phải báo cáo")
    sent: int = Field(title="Số báo cáo đã gửi")
    late: int = Field(title="Số báo cáo gửi trễ")


class Reviews(Page):
    """A page of reviews, the newest first."""

    items: list[Review] = Field(title="Kỳ rà soát")


class ReviewDetail(Review):
    """One review with its criteria."""

    criteria: list[CriterionWords] = Field(title="Tiêu chí")
    summary: dict[str, Any] = Field(title="Tóm tắt khi kết thúc")


class Counted(BaseModel):
    """Profiles of a report or of one unit: measured, failing any criterion, failing each."""

    profiles: int = Field(title="Số hồ sơ")
    failing: int = Field(title="Số hồ sơ chưa đạt một tiêu chí nào đó")
    criteria: dict[str, int] = Field(title="Số hồ sơ chưa đạt theo tiêu chí")


class Unit(Counted):
    """One unit's part."""

    code: str = Field(title="Mã cơ quan, đơn vị")
    name: str = Field(title="Tên cơ quan, đơn vị")


class ReportLine(Counted):
    """One agency's progress."""

    id: UUID = Field(title="Báo cáo")
    review_id: UUID = Field(title="Kỳ rà soát")
    period: str = Field(title="Kỳ")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    whole: bool = Field(title="Báo cáo tổng hợp toàn bộ")
    state: str = Field(title="Trạng thái", description="open, signing, sent, missing, not_owed")
    owed: bool = Field(title="Đang phải báo cáo")
    due_on: date = Field(title="Hạn báo cáo")
    overdue: bool = Field(title="Quá hạn")
    late_days: int = Field(title="Số ngày làm việc trễ")
    measured_at: datetime | None = Field(title="Đo lúc")
    sent_at: datetime | None = Field(title="Gửi lúc")
    document_sha256: str | None = Field(title="Báo cáo đã ký", description="Lấy ở /documents/{sha256}")


class Reports(Page):
    """A page of agencies' reports in a review."""

    items: list[ReportLine] = Field(title="Báo cáo")


class ReportDetail(ReportLine):
    """One report with its units and the calls that settle it."""

    citation: str = Field(title="Căn cứ")
    signer_role: str | None = Field(title="Vai trò người ký")
    signer: str | None = Field(title="Người ký", description="Không có khi ngoài phạm vi")
    on_behalf_of: UUID | None = Field(title="Thừa uỷ quyền của", description="Khi ký theo uỷ quyền")
    on_behalf_of_name: str | None = Field(title="Người uỷ quyền", description="Không có khi ngoài phạm vi")
    delegation_id: UUID | None = Field(title="Uỷ quyền")
    units: list[Unit] = Field(title="Theo đơn vị")
    calls: list[Call] = Field(title="Lời gọi giải quyết")


class Fault(BaseModel):
    """Why a profile fails a criterion; never a value."""

    criterion: str = Field(title="Tiêu chí")
    code: str = Field(title="Mã lỗi")
    path: str = Field(title="Vị trí trong bản khai")
    label: str = Field(title="Tên mục")


class Finding(BaseModel):
    """A profile that fails."""

    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên", description="Không có khi hồ sơ đã ngoài phạm vi")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    measured_at: datetime = Field(title="Đo lúc")
    faults: list[Fault] = Field(title="Chỗ chưa đạt")


class Findings(Page):
    """A page of failing profiles."""

    level: int = Field(
        title="Nêu mục đến độ hạn chế", description="Mục có độ cao hơn không nêu / fields above are not named"
    )
    items: list[Finding] = Field(title="Hồ sơ chưa đạt")


_COUNT = "(SELECT count(*) FROM review_reports t WHERE t.review_id = w.id AND NOT t.whole AND {which})"
_OWED = (
    "(t.state IN ('sent', 'missing') OR EXISTS"
    " (SELECT 1 FROM duties d WHERE d.report_id = t.id AND d.state = 'open'))"
)
_SENT = "t.state = 'sent'"
_REVIEW = (
    f"SELECT w.*, {_COUNT.format(which=_OWED)} AS reports, {_COUNT.format(which=_SENT)} AS sent,"  # noqa: S608 — fragments above, values bound
    f" {_COUNT.format(which=_SENT + ' AND t.late_days > 0')} AS late FROM reviews w WHERE "
)
# The agency's own day and text, where its regulation is another than the campaign's.
_OWN_TEXT = ", ".join(
    f"coalesce((SELECT d.{name} FROM duties d WHERE d.report_id = t.id AND NOT t.whole"  # noqa: S608 — names of our own
    f" ORDER BY d.opened_at DESC LIMIT 1), w.{name}) AS {name}"
    for name in ("due_on", "due_at", "citation")
)
_REPORT = (
    f"SELECT t.*, w.period, {_OWN_TEXT}, a.name AS agency, a.code, {_OWED} AS owed,"  # noqa: S608 — the same
    " s.display_name AS signer, o.display_name AS on_behalf_of_name FROM review_reports t"
    " JOIN reviews w ON w.id = t.review_id JOIN agencies a ON a.id = t.agency_id"
    " LEFT JOIN accounts s ON s.id = t.signer_id LEFT JOIN accounts o ON o.id = t.on_behalf_of WHERE "
)
_FINDINGS = (
    "SELECT f.profile_id, f.agency_id, f.measured_at, f.faults, p.full_name AS person, r.form_version"
    " FROM review_findings f LEFT JOIN profiles p ON p.id = f.profile_id"
    " LEFT JOIN revisions r ON r.id = p.approved_revision_id"
    " WHERE f.review_id = :review AND (:whole OR f.agency_id IN (SELECT c.descendant_id FROM agency_closure c"
    "   WHERE c.ancestor_id = :agency AND c.valid_to IS NULL))"
)


async def reviews(read: Reading, limit: int, after: str | None) -> Reviews:
    """Every review, the newest first; counts are of the agencies in scope.

    Raises:
        RefusedError: ``not-permitted``.
    """
    await permits.within(read, "read_reports")
    key = key_of(after, datetime.fromisoformat, UUID)
    values: dict[str, Any] = {"limit": limit + 1}
    where = "true"
    if key is not None:
        where = "(w.opened_at, w.id) < (CAST(:opened AS timestamptz), CAST(:last AS uuid))"
        values |= {"opened": key[0], "last": key[1]}
    query = f"{_REVIEW}{where} ORDER BY w.opened_at DESC, w.id DESC LIMIT :limit"
    rows, more = page((await read.connection.execute(text(query), values)).all(), limit)
    return Reviews(
        items=[Review.model_validate(_review(row, read)) for row in rows],
        next=cursor(rows[-1].opened_at.isoformat(), rows[-1].id) if more else None,
    )


async def review(read: Reading, review_id: UUID) -> ReviewDetail:
    """One review with what its criteria mean.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    await permits.within(read, "read_reports")
    row = (await read.connection.execute(text(_REVIEW + "w.id = :id"), {"id": review_id})).one_or_none()
    if row is None:
        raise permits.missing()
    law, _ = await read.own_law()
    rule = law.slot(Slot.QUALITY_CRITERIA)
    named = criteria_of(rule.rule.items) if rule is not None else ()
    words = [
        CriterionWords(
            criterion=one.value,
            name=CRITERION_VI[one],
            name_en=CRITERION_EN[one],
            measure=MEASURE_VI[one],
            citation=rule.citation if rule is not None and one in named else None,
        )
        for one in Criterion
    ]
    return ReviewDetail.model_validate({**_review(row, read), "criteria": words})


def _review(row: Any, read: Reading) -> dict[str, Any]:
    return {**row._mapping, "overdue": row.state == "open" and row.due_at <= read.now}


async def reports(read: Reading, review_id: UUID, limit: int, after: str | None) -> Reports:
    """Where the agencies in scope stand, by the agency's code.

    Raises:
        RefusedError: ``not-permitted``.
    """
    reach = await permits.within(read, "read_reports")
    key = key_of(after, str, UUID)
    values: dict[str, Any] = {"review": review_id, "limit": limit + 1}
    where = f"t.review_id = :review AND {permits.covered(reach, 't.agency_id', values)}"
    if key is not None:
        where += " AND (a.code, t.id) > (:code, CAST(:last AS uuid))"
        values |= {"code": key[0], "last": key[1]}
    query = f"{_REPORT}{where} ORDER BY a.code, t.id LIMIT :limit"
    rows, more = page((await read.connection.execute(text(query), values)).all(), limit)
    return Reports(
        items=[ReportLine.model_validate(_report(row, read)) for row in rows],
        next=cursor(rows[-1].code, rows[-1].id) if more else None,
    )


async def report(read: Reading, report_id: UUID) -> ReportDetail:
    """One report with its units.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = await _one(read, report_id)
    open_now = row.state == "open" and row.owed
    return ReportDetail.model_validate(
        {
            **_report(row, read),
            "units": row.figures.get("units", []),
            "calls": calls(("sign_report",), report_id=row.id) if open_now else [],
        }
    )


async def findings(
    read: Reading, report_id: UUID, criterion: Criterion | None, limit: int, after: str | None
) -> Findings:
    """The profiles of a report that fail, in the newest measuring.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = await _one(read, report_id)
    key = key_of(after, UUID)
    values: dict[str, Any] = {
        "review": row.review_id,
        "agency": row.agency_id,
        "whole": row.whole,
        "limit": limit + 1,
    }
    query = _FINDINGS
    if criterion is not None:
        query += " AND f.faults -> :criterion IS NOT NULL"
        values["criterion"] = criterion.value
    if key is not None:
        query += " AND f.profile_id > CAST(:last AS uuid)"
        values["last"] = key[0]
    result = await read.connection.execute(text(f"{query} ORDER BY f.profile_id LIMIT :limit"), values)
    rows, more = page(result.all(), limit)
    level = await permits.level_in(read, row.agency_id)
    await read_log.record_several(read, [one.profile_id for one in rows], await _seen_as(read, row, level))
    return Findings(
        level=level,
        items=[_finding(one, criterion, level) for one in rows],
        next=cursor(rows[-1].profile_id) if more else None,
    )


async def may_read_report(read: Reading, sha256: str) -> bool:
    """Whether a signed report that the asker may see is this file."""
    carried = text("SELECT agency_id FROM review_reports WHERE document_sha256 = :sha256 AND state = 'sent'")
    agency_id = await read.connection.scalar(carried, {"sha256": sha256})
    try:
        return agency_id is not None and bool(await permits.at(read, "read_reports", agency_id))
    except RefusedError:
        return False


async def _one(read: Reading, report_id: UUID) -> Any:
    row = (await read.connection.execute(text(_REPORT + "t.id = :id"), {"id": report_id})).one_or_none()
    if row is None:
        raise permits.missing()
    await permits.at(read, "read_reports", row.agency_id)
    return row


async def _seen_as(read: Reading, row: Any, level: int) -> Allowed:
    """As what the findings of a report are read, which tell of each file what it lacks."""
    return replace(await permits.at(read, "read_reports", row.agency_id), level=max(level, 1))


def _report(row: Any, read: Reading) -> dict[str, Any]:
    figures = {"profiles": 0, "failing": 0, "criteria": {}, **row.figures}
    waits = row.state in ("open", "signing") and row.owed
    return {**row._mapping, **figures, "overdue": waits and row.due_at <= read.now}


def _finding(row: Any, only: Criterion | None, level: int) -> Finding:
    cat = catalogue(row.form_version) if row.form_version else None
    faults = [
        Fault(criterion=name, code=code, path=path, label=cat.label(path) if cat and path else "")
        for name, found in row.faults.items()
        if only is None or name == only.value
        for code, path in found
        if not path or (cat is not None and may_know(cat.version, path, level))
    ]
    return Finding(
        profile_id=row.profile_id,
        person=row.person,
        agency_id=row.agency_id,
        measured_at=row.measured_at,
        faults=faults,
    )
