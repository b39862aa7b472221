"""What the national database holds beside ours: comparisons, their differences, what it proposes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.reading.steps import Call, calls
from api.scope import Reading
from models.access import Reach
from models.form import catalogue, may_know
from models.record.load import content_of
from models.record.proposals import opened


class Reconciliation(BaseModel):
    """One comparison of everything both sides hold."""

    id: UUID = Field(title="Lượt đối soát")
    state: str = Field(
        title="Trạng thái",
        description="`theirs`: đối chiếu dữ liệu CSDLQG giữ; `ours`: hỏi lại dữ liệu đã gửi; `done`: xong",
    )
    document: str = Field(title="Văn bản hoặc lý do")
    ordered_at: datetime = Field(title="Yêu cầu lúc")
    ended_at: datetime | None = Field(title="Xong lúc")
    compared: int = Field(title="Số hồ sơ CSDLQG giữ đã đối chiếu")
    total: int = Field(
        title="Số hồ sơ ta đã đồng bộ", description="Để ước lượng tiến độ / to tell how far it is"
    )
    different: int = Field(title="Số hồ sơ khác")
    resent: int = Field(title="Số hồ sơ gửi lại")
    proposed: int = Field(title="Số hồ sơ có đề nghị điều chỉnh")
    under_way: int = Field(title="Số hồ sơ đang được giải quyết từ trước")
    by_hand: int = Field(title="Số hồ sơ cần người xem xét")


class Reconciliations(Page):
    """The newest first."""

    items: list[Reconciliation] = Field(title="Lượt đối soát")


class DifferenceLine(BaseModel):
    """One profile that both sides do not hold alike; fields by name, never by value."""

    national_id: UUID = Field(title="Mã hồ sơ trên CSDLQG")
    profile_id: UUID | None = Field(title="Hồ sơ")
    kind: str = Field(
        title="Loại",
        description="`fields`: khác nội dung; `missing_there`: CSDLQG không có; `unknown_here`: ta không có;"
        " `status`: đã nghỉ, chuyển đi mà CSDLQG còn ghi đang làm việc",
    )
    fields: list[str] = Field(title="Tên mục khác nhau")
    repair: str = Field(
        title="Cách giải quyết",
        description="`resend`: gửi lại; `proposal`: CSDLQG đã điều chỉnh, hỏi người có hồ sơ;"
        " `under_way`: đang giải quyết; `by_hand`: người xem xét",
    )
    repaired: bool = Field(title="Đã thực hiện")
    withheld: int = Field(
        title="Số mục không được biết tên",
        description="Ở mức hạn chế cao hơn mức được xem / above the level one sees",
    )


class Differences(Page):
    """Differences by profile."""

    items: list[DifferenceLine] = Field(title="Khác biệt")


class ProposedField(BaseModel):
    """One field, ours and theirs."""

    path: str = Field(title="Mục")
    label: str = Field(title="Tên mục")
    ours: Any = Field(title="Dữ liệu đã phê duyệt")
    theirs: Any = Field(
        title="Giá trị trên CSDLQG", description="Trống: CSDLQG đã bỏ giá trị / they emptied it"
    )


class Proposal(BaseModel):
    """What the national database corrected by itself."""

    id: UUID = Field(title="Đề nghị điều chỉnh")
    state: str = Field(title="Trạng thái")
    found_at: datetime = Field(title="Phát hiện lúc")
    decided_at: datetime | None = Field(title="Trả lời lúc")
    fields: list[ProposedField] = Field(title="Mục được điều chỉnh")
    calls: list[Call] = Field(title="Lời gọi giải quyết")


class Proposals(BaseModel):
    """All of a profile's, the newest first."""

    items: list[Proposal] = Field(title="Đề nghị điều chỉnh")


_RUNS = (
    "SELECT r.*, (SELECT count(*) FROM profiles WHERE synced_revision_id IS NOT NULL) AS total, d.*"
    " FROM reconciliations r, LATERAL (SELECT count(*) AS different,"
    " count(*) FILTER (WHERE repair = 'resend' AND repaired) AS resent,"
    " count(*) FILTER (WHERE repair = 'proposal' AND repaired) AS proposed,"
    " count(*) FILTER (WHERE repair = 'under_way') AS under_way,"
    " count(*) FILTER (WHERE repair = 'by_hand') AS by_hand"
    " FROM national_differences WHERE reconciliation_id = r.id) d WHERE {where}"
    " ORDER BY r.ordered_at DESC, r.id DESC LIMIT :limit"
)
_EXISTS = text("SELECT 1 FROM reconciliations WHERE id = :id")
_DIFFERENCES = (
    "SELECT d.national_id, d.profile_id, d.kind, d.fields, d.repair, d.repaired FROM national_differences d"
    " LEFT JOIN profiles p ON p.id = d.profile_id WHERE d.reconciliation_id = :run AND {where}"
    " ORDER BY d.national_id LIMIT :limit"
)
_HELD = "coalesce(hoso_sync_agent(p.agency_id), p.agency_id) = CAST(:agency AS uuid)"
"""As the list of agencies counts: whose months it does, those of its units without an account, too."""
_PROPOSALS = text(
    "SELECT * FROM national_proposals WHERE profile_id = :profile AND state <> 'fetched'"
    " ORDER BY found_at DESC, id"
)


async def runs(read: Reading, limit: int, after: str | None) -> Reconciliations:
    """The authority's comparisons.

    Raises:
        RefusedError: ``not-permitted``.
    """
    await permits.within(read, "reconcile")
    key = key_of(after, datetime, UUID)
    where = "(r.ordered_at, r.id) < (:at, CAST(:last AS uuid))" if key else "true"
    at, last = key or (None, None)
    values = {"limit": limit + 1, "at": at, "last": last}
    found = (await read.connection.execute(text(_RUNS.format(where=where)), values)).all()
    rows, more = page(found, limit)
    return Reconciliations(
        items=[Reconciliation.model_validate(dict(row._mapping)) for row in rows],
        next=cursor(rows[-1].ordered_at, rows[-1].id) if more else None,
    )


async def run(read: Reading, run_id: UUID) -> Reconciliation:
    """One comparison and how far it is.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    await permits.within(read, "reconcile")
    query = text(_RUNS.format(where="r.id = :id"))
    row = (await read.connection.execute(query, {"id": run_id, "limit": 1})).one_or_none()
    if row is None:
        raise permits.missing()
    return Reconciliation.model_validate(dict(row._mapping))


async def differences(
    read: Reading, run_id: UUID, agency: UUID | None, limit: int, after: str | None
) -> Differences:
    """What one comparison found of the people within reach, by the names of the fields one may know.

    ``agency``: of it and of its units without an account, as `compared_agencies` counts.
    What is held there about nobody of ours is told to who sees everybody.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    reach = await permits.within(read, "read_reports")
    if (await read.connection.execute(_EXISTS, {"id": run_id})).one_or_none() is None:
        raise permits.missing()
    values: dict[str, Any] = {"run": run_id, "limit": limit + 1}
    where = within(reach, values)
    if agency is not None:
        where.append(_HELD)
        values["agency"] = agency
    if (key := key_of(after, UUID)) is not None:
        where.append("d.national_id > CAST(:last AS uuid)")
        values["last"] = key[0]
    query = text(_DIFFERENCES.format(where=" AND ".join(where)))
    rows, more = page((await read.connection.execute(query, values)).all(), limit)
    level = await permits.level_everywhere(read)
    return Differences(
        items=[_line(row, level) for row in rows],
        next=cursor(rows[-1].national_id) if more else None,
    )


def within(reach: Reach, values: dict[str, Any]) -> list[str]:
    """The conditions under which a difference ``d`` about a person ``p`` is told to somebody."""
    where = [permits.covered(reach, "p.agency_id", values)]
    if reach.never_profile is not None:
        where.append("d.profile_id IS DISTINCT FROM CAST(:own_file AS uuid)")
        values["own_file"] = reach.never_profile
    return where


def _line(row: Any, level: int) -> DifferenceLine:
    form = catalogue(FORM)
    known = [one for one in row.fields if one not in form.by_name or may_know(form.version, one, level)]
    labels = [form.label(name) if name in form.by_name else name for name in known]
    told = {**row._mapping, "fields": labels, "withheld": len(row.fields) - len(known)}
    return DifferenceLine.model_validate(told)


FORM = "tt06_2023"
"""The form the packet is made of (every mapping names it)."""


async def proposals(read: Reading, profile_id: UUID) -> Proposals:
    """What the national database corrected of a profile, beside what was approved.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    subject = await permits.profile(read, profile_id)
    rows = (await read.connection.execute(_PROPOSALS, {"profile": profile_id})).all()
    made = [await _proposal(read, subject.level, profile_id, row) for row in rows]
    return Proposals(items=made)


async def _proposal(read: Reading, level: int, profile_id: UUID, row: Any) -> Proposal:
    authority, form = read.who.authority_id, catalogue(row.form_version)
    theirs = opened(read.tools, authority, row)
    ours = await content_of(read.connection, read.tools, authority, row.revision_id)
    known = [name for name in row.fields if may_know(form.version, name, level)]
    waiting = row.state == "open"
    return Proposal(
        id=row.id,
        state=row.state,
        found_at=row.found_at,
        decided_at=row.decided_at,
        fields=[
            ProposedField(path=name, label=form.label(name), ours=ours.get(name), theirs=theirs.get(name))
            for name in known
        ],
        calls=calls(("answer_proposal",), profile_id=profile_id) if waiting else [],
    )
