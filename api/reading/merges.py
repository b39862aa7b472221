"""Two profiles of one person side by side before they are merged, and the register of such cases."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page
from api.reading import permits
from api.reading.forms import Change, compared
from api.reading.registers import PERSON, WHO, Filter, Register, page_of
from api.reading.withholding import Withheld, left_out
from api.scope import Reading
from models.access import Verb
from models.database import together
from models.lifecycle.life import CHAPTER_VI, STATUS_VI, Chapter, Duty, Status
from models.lifecycle.merging import KIND, hindrances, plan
from models.record.load import LIVES, life_of
from models.record.merging import merging_of

_BESIDE = text(
    "SELECT p.id, g.name AS agency,"
    " (SELECT count(*) FROM revisions r WHERE r.profile_id = p.id) AS revisions,"
    " (SELECT count(*) FROM attachments t WHERE t.profile_id = p.id) AS attachments,"
    " (SELECT a.state FROM accounts a WHERE a.id = p.account_id) AS account,"
    " (SELECT id FROM revisions r WHERE r.profile_id = p.id AND r.state <> 'draft'"
    "   ORDER BY r.id = p.approved_revision_id DESC, r.number DESC LIMIT 1) AS newest"
    " FROM profiles p JOIN agencies g ON g.id = p.agency_id WHERE p.id = ANY (:ids)"
)
_VERSION = text("SELECT form_version FROM revisions WHERE id = :id")


class OwedDuty(BaseModel):
    """An open duty of the profile that would be closed."""

    slot: str = Field(title="Nghĩa vụ")
    citation: str = Field(title="Căn cứ")
    due_on: date | None = Field(title="Hạn")


class MergeSide(BaseModel):
    """One of the two profiles, and how much hangs on it."""

    id: UUID = Field(title="Hồ sơ")
    full_name: str = Field(title="Họ và tên")
    staff_number: str | None = Field(title="Số hiệu")
    agency_id: UUID = Field(title="Cơ quan, đơn vị đang quản lý")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    chapter_vi: str = Field(title="Giai đoạn")
    status_vi: str = Field(title="Tình trạng")
    created_at: datetime = Field(title="Mở lúc")
    approved: bool = Field(title="Có bản đã phê duyệt")
    synced: bool = Field(title="CSDL quốc gia đang giữ")
    revisions: int = Field(title="Số phiên bản")
    attachments: int = Field(title="Số tệp")
    events: int = Field(title="Số sự kiện")
    account: str | None = Field(title="Trạng thái tài khoản cá nhân")


class Hindrance(BaseModel):
    """One reason why the merge would be refused now."""

    code: str = Field(title="Mã lỗi")
    message: str = Field(title="Lý do")
    message_en: str = Field(title="Lý do (tiếng Anh)")


class MergePreview(BaseModel):
    """What a merge would do now; nothing is changed by looking."""

    duplicate: MergeSide = Field(title="Hồ sơ sẽ đóng")
    survivor: MergeSide = Field(title="Hồ sơ được giữ lại")
    same: str | None = Field(
        title="Vì sao là một người",
        description="index: một số định danh; form: bản khai ghi số của hồ sơ kia; trống: cần văn bản",
    )
    differences: list[Change] = Field(
        title="Nội dung khác nhau", description="before: sẽ đóng; after: giữ lại"
    )
    withheld: list[Withheld] = Field(title="Mục không so sánh do độ hạn chế tiếp cận")
    settled: list[OwedDuty] = Field(title="Nghĩa vụ sẽ chấm dứt với lý do merged")
    carried: list[OwedDuty] = Field(title="Nghĩa vụ sẽ theo hồ sơ giữ lại")
    account_closes: bool = Field(title="Tài khoản của hồ sơ bị đóng sẽ hủy")
    custody_moves: bool = Field(title="Hồ sơ bị đóng chuyển sang cơ quan đang giữ hồ sơ kia")
    hindrances: list[Hindrance] = Field(title="Điều đang cản trở")


class MergeLine(BaseModel):
    """One merge: proposed, withdrawn or carried out."""

    id: UUID = Field(title="Việc hợp nhất")
    profile_id: UUID = Field(title="Hồ sơ đóng")
    survivor_id: UUID = Field(title="Hồ sơ giữ lại")
    person: str | None = Field(title="Họ và tên")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    state: str = Field(title="Trạng thái", description="proposed, withdrawn, carried_out")
    same: str = Field(title="Vì sao là một người", description="index, form, document")
    opened_at: datetime = Field(title="Đề nghị lúc")
    proposed_by: UUID = Field(title="Tài khoản đề nghị")
    proposal: str = Field(title="Văn bản đề nghị")
    document: str = Field(title="Văn bản quyết định", description="Của đề nghị: văn bản đề nghị")
    closed_at: datetime | None = Field(title="Quyết định hoặc thôi lúc")


class Merges(Page):
    """A page of the register, the newest first."""

    items: list[MergeLine] = Field(title="Việc hợp nhất hồ sơ trùng")


def register() -> Register:
    """Proposals and decisions."""
    return Register(
        name="merges",
        title="Sổ hợp nhất hồ sơ trùng",
        select="SELECT e.id, e.profile_id, e.state, e.opened_at, e.closed_at, e.document,"  # noqa: S608 — fragments, no input
        " CAST(e.facts ->> 'survivor' AS uuid) AS survivor_id, e.facts ->> 'same' AS same,"
        " CAST(e.facts ->> 'proposed_by' AS uuid) AS proposed_by, e.facts ->> 'proposal' AS proposal,"
        f"{PERSON} FROM (SELECT * FROM cases WHERE kind = '{KIND}') e"
        " JOIN profiles p ON p.id = e.profile_id JOIN agencies g ON g.id = p.agency_id",
        at="e.opened_at",
        state="e.state",
        agency="p.agency_id",
        kind=None,
        late=None,
        columns=(
            ("opened_at", "Đề nghị lúc"), *WHO, ("profile_id", "Hồ sơ đóng"),
            ("survivor_id", "Hồ sơ giữ lại"),
            ("proposal", "Văn bản đề nghị"), ("state", "Trạng thái"), ("document", "Văn bản"),
            ("closed_at", "Quyết định lúc"),
        ),
    )  # fmt: skip


async def merges(read: Reading, asked: Filter) -> Merges:
    """Merges within the asker's scope. Raises RefusedError ``not-permitted``."""
    rows, after = await page_of(read, register(), asked)
    return Merges(items=[MergeLine.model_validate(dict(row._mapping)) for row in rows], next=after)


async def preview(
    read: Reading, profile_id: UUID, survivor_id: UUID, identity_document: str | None
) -> MergePreview:
    """Both sides, what differs, what would move and end, and what stands in the way.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``archived-profile``: of either of the two.
    """
    level = 4
    for one in (profile_id, survivor_id):
        await permits.profile(read, one, Verb.PROPOSE_MERGE, Verb.APPROVE_MERGE)
        subject = await permits.profile(read, one)
        subject.must_have_content()
        level = min(level, subject.level)
    ids = [profile_id, survivor_id]
    lives, beside = await together(read.connection, [(LIVES, {"ids": ids}), (_BESIDE, {"ids": ids})])
    rows, more = {row.id: row for row in lives}, {row.id: row for row in beside}
    mine, theirs = rows[profile_id], rows[survivor_id]
    merging = await merging_of(read.connection, read.tools, mine, theirs)
    life, survivor = life_of(mine), life_of(theirs)
    found = plan(life, survivor)
    differences, withheld = await _differences(
        read, more[profile_id], more[survivor_id], theirs.agency_id, level
    )
    return MergePreview(
        duplicate=_side(mine, more[profile_id]),
        survivor=_side(theirs, more[survivor_id]),
        same=merging.same,
        differences=differences,
        withheld=withheld,
        settled=[_owed(duty) for duty in found.settled],
        carried=[_owed(duty) for duty in found.carried],
        account_closes=more[profile_id].account not in (None, "cancelled"),
        custody_moves=life.agency_id != survivor.agency_id,
        hindrances=[
            Hindrance(code=one.code, message=one.detail_vi, message_en=one.detail_en)
            for one in hindrances(life, merging, identity_document)
        ],
    )


async def _differences(
    read: Reading, mine: Any, theirs: Any, agency_id: UUID, level: int
) -> tuple[list[Change], list[Withheld]]:
    """Field by field on the survivor's form, as a reader of that level sees it; none without two forms."""
    if mine.newest is None or theirs.newest is None:
        return [], []
    version = str(await read.connection.scalar(_VERSION, {"id": theirs.newest}))
    return (
        await compared(read, mine.newest, theirs.newest, version, level),
        await left_out(read, version, level, agency_id),
    )


def _side(row: Any, more: Any) -> MergeSide:
    return MergeSide(
        id=row.id,
        full_name=row.full_name,
        staff_number=row.staff_number,
        agency_id=row.agency_id,
        agency=more.agency,
        chapter_vi=CHAPTER_VI[Chapter(row.chapter)],
        status_vi=STATUS_VI[Status(row.status)],
        created_at=row.created_at,
        approved=row.approved_revision_id is not None,
        synced=row.synced_revision_id is not None,
        revisions=more.revisions,
        attachments=more.attachments,
        events=row.last_event,
        account=more.account,
    )


def _owed(duty: Duty) -> OwedDuty:
    return OwedDuty(slot=str(duty.slot), citation=duty.citation, due_on=duty.due_on)
