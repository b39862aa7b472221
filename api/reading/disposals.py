"""Archived files at their end: what holds them, which may go, which have gone by whose decision."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.reading.registers import PERSON, WHO, Filter, Register, page_of
from api.scope import Reading
from models.access import Verb, reach
from models.lifecycle.disposal import KIND, SLOT, kept_until, retention
from models.lifecycle.life import STATUS_VI, Status
from models.record.load import STANDING
from models.regulations import RuleSet

HOLDS = "hold_file"


class LegalHold(BaseModel):
    """One hold on a file; ended ones stay in the list."""

    id: UUID = Field(title="Lệnh giữ")
    document: str = Field(title="Số văn bản yêu cầu giữ")
    reason: str = Field(title="Lý do")
    placed_at: datetime = Field(title="Giữ từ lúc")
    placed_by: UUID = Field(title="Tài khoản ghi nhận")
    ended_at: datetime | None = Field(title="Thôi giữ lúc")
    ended_document: str | None = Field(title="Số văn bản thôi giữ")
    ended_reason: str | None = Field(title="Lý do thôi giữ")


class DueFile(BaseModel):
    """A file whose keeping has ended; it stays until two people have said otherwise."""

    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(
        title="Họ và tên", description="Không có với người không được xem hồ sơ lưu trữ"
    )
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    status_vi: str = Field(title="Đã thôi công tác vì")
    left_on: date = Field(title="Thôi công tác ngày")
    kept_until: date = Field(title="Phải giữ đến hết ngày")
    holds: int = Field(title="Số lệnh giữ còn hiệu lực", description="Còn lệnh giữ thì không được hủy")
    citation: str = Field(title="Căn cứ")


class DueFiles(Page):
    """Who left first stands on top; a page may be shorter than asked for and still not the last."""

    items: list[DueFile] = Field(title="Hồ sơ hết thời hạn lưu trữ")


class Disposal(BaseModel):
    """One disposal: proposed, withdrawn or carried out."""

    id: UUID = Field(title="Việc hủy hồ sơ")
    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên", description="Không có với hồ sơ đã hủy hoặc không được xem")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    state: str = Field(title="Trạng thái", description="proposed, withdrawn, carried_out")
    kept_until: date = Field(title="Phải giữ đến hết ngày")
    opened_at: datetime = Field(title="Đề nghị lúc")
    proposed_by: UUID = Field(title="Tài khoản đề nghị")
    minutes: str = Field(title="Số biên bản xét hủy")
    document: str = Field(title="Số quyết định", description="Của đề nghị: số biên bản xét hủy")
    closed_at: datetime | None = Field(title="Quyết định hoặc thôi lúc")
    paper: str | None = Field(title="Biên bản hủy (SHA-256)", description="Lấy ở /documents/{sha256}")


class Disposals(Page):
    """A page of the register, the newest first."""

    items: list[Disposal] = Field(title="Việc hủy hồ sơ")


def register() -> Register:
    """Proposals and decisions."""
    return Register(
        name="disposals",
        title="Sổ hủy hồ sơ hết thời hạn",
        select="SELECT e.id, e.profile_id, e.state, e.effective_on AS kept_until, e.opened_at, e.closed_at,"  # noqa: S608 — fragments, no input
        " CAST(e.facts ->> 'proposed_by' AS uuid) AS proposed_by, e.facts ->> 'minutes' AS minutes,"
        f" e.document, s.document_sha256 AS paper,{PERSON}"
        f" FROM (SELECT * FROM cases WHERE kind = '{KIND}') e JOIN profiles p ON p.id = e.profile_id"
        " JOIN agencies g ON g.id = p.agency_id LEFT JOIN slips s ON s.case_id = e.id",
        at="e.opened_at",
        state="e.state",
        agency="p.agency_id",
        kind=None,
        late=None,
        columns=(
            ("opened_at", "Đề nghị lúc"), *WHO, ("kept_until", "Phải giữ đến hết ngày"),
            ("minutes", "Biên bản xét hủy"), ("state", "Trạng thái"), ("document", "Văn bản"),
            ("closed_at", "Quyết định lúc"), ("paper", "SHA-256 của biên bản hủy"),
        ),
    )  # fmt: skip


_HOLDS = text("SELECT * FROM legal_holds WHERE profile_id = :id ORDER BY placed_at DESC, id DESC")


async def holds(read: Reading, profile_id: UUID) -> list[LegalHold]:
    """The holds of one file, the newest first: for who may hold it, and for who reads it.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``archived-profile``.
    """
    await permits.profile(read, profile_id, Verb.READ_PROFILE, HOLDS)
    rows = await read.connection.execute(_HOLDS, {"id": profile_id})
    return [LegalHold.model_validate(dict(row._mapping)) for row in rows]


async def disposals(read: Reading, asked: Filter) -> Disposals:
    """Disposals within the asker's scope. Raises RefusedError ``not-permitted``."""
    rows, after = await page_of(read, register(), asked)
    return Disposals(items=[Disposal.model_validate(dict(row._mapping)) for row in rows], next=after)


_DUE = (
    "SELECT p.id AS profile_id, p.full_name, p.agency_id, g.name AS agency, s.status, p.category, p.origin,"  # noqa: S608 — fragments, no input
    f" {STANDING} AS standing, g.kind, l.left_on,"
    f" :all OR p.agency_id = ANY ({permits.AGENCIES.replace(':subtrees', ':named')}) AS named,"
    " (SELECT count(*) FROM legal_holds h WHERE h.profile_id = p.id AND h.ended_at IS NULL) AS holds"
    " FROM (SELECT profile_id, max(effective_on) AS left_on FROM cases WHERE kind = 'separation'"
    " AND state = 'archived' GROUP BY profile_id) l JOIN profiles s ON s.id = l.profile_id"
    # What was merged into it is kept as long as the file itself.
    " JOIN profiles p ON l.profile_id = coalesce(p.merged_into, p.id) JOIN agencies g ON g.id = p.agency_id"
    " WHERE s.chapter = 'archive' AND p.chapter = 'archive' AND p.disposed_at IS NULL AND p.case_id IS NULL"
    " AND l.left_on < :latest"
)


async def due(read: Reading, limit: int, after: str | None) -> DueFiles:
    """Archived files whose keeping has ended and whose disposal nobody has proposed yet.

    Raises:
        RefusedError: ``not-permitted``, ``malformed-request``.
    """
    found = await permits.within(read, Verb.PROPOSE_DISPOSAL)
    key = key_of(after, date.fromisoformat, UUID)
    laws = await read.laws()
    kept = [rule.deadline for one in laws.every for rule in one.every(SLOT)]
    months = [deadline.min_retention_months for deadline in kept if deadline is not None]
    shortest = min((one for one in months if one is not None), default=None)
    if shortest is None:
        return DueFiles(items=[])
    archives = reach(read.who.actor, Verb.READ_ARCHIVE, read.today, laws.own)
    values: dict[str, Any] = {
        "named": list(archives.subtrees | archives.agencies),
        "all": archives.everywhere,
        "latest": kept_until(read.today, -shortest),
        "limit": limit + 1,
    }
    where = ""
    if not found.everywhere:
        where += f" AND p.agency_id = ANY ({permits.AGENCIES})"
        values["subtrees"] = list(found.subtrees | found.agencies)
    if key is not None:
        where += " AND (l.left_on, p.id) > (CAST(:left AS date), CAST(:last AS uuid))"
        values |= {"left": key[0], "last": key[1]}
    query = text(f"{_DUE}{where} ORDER BY l.left_on, p.id LIMIT :limit")
    rows, more = page(list(await read.connection.execute(query, values)), limit)
    items = [one for row in rows if (one := _due(laws.of(row.agency_id), row, read.today)) is not None]
    return DueFiles(items=items, next=cursor(rows[-1].left_on, rows[-1].profile_id) if more else None)


def _due(law: RuleSet, row: Any, today: date) -> DueFile | None:
    """The line, where the rule that is about this person says so too."""
    facts = {
        "leaving": row.status,
        "category": row.category,
        "origin": row.origin,
        "agency": row.standing,
        "kind": row.kind,
    }
    rule = law.slot(SLOT, **{name: value for name, value in facts.items() if value})
    months = retention(rule)
    if rule is None or months is None:
        return None
    until = kept_until(row.left_on, months)
    if today <= until:
        return None
    said = {"status_vi": STATUS_VI[Status(row.status)], "kept_until": until, "citation": rule.citation}
    return DueFile.model_validate({**row._mapping, **said, "person": row.full_name if row.named else None})
