"""What I owe, by when, why; where my last submission stands; my next step."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import duties
from api.reading.borrowed import borrowed
from api.reading.delegations import Delegation
from api.reading.delegations import listed as lent_to
from api.reading.steps import Call, next_step, settling
from api.scope import Reading
from models.lifecycle.life import CHAPTER_VI, STATUS_VI, Chapter, Status

MOST = 200

STATE_VI = {
    "draft": "bản nháp, chưa nộp",
    "submitted": "đã nộp, chờ phê duyệt",
    "signing": "đang được ký",
    "returned": "bị trả lại để sửa",
    "approved": "đã phê duyệt",
    "superseded": "đã được thay bằng phiên bản mới",
}


class Owed(duties.DutyLine):
    """A duty with why it is owed and how it is met."""

    why: str | None = Field(title="Vì sao", description="Nội dung quy định")
    on_behalf_of: str | None = Field(title="Thay mặt", description="Khi làm theo uỷ quyền")
    calls: list[Call] = Field(title="Lời gọi giải quyết")


class Submission(BaseModel):
    """Where the last submission stands."""

    revision_id: UUID = Field(title="Phiên bản")
    number: int = Field(title="Số phiên bản")
    state: str = Field(title="Trạng thái")
    state_vi: str = Field(title="Trạng thái bằng lời")
    submitted_at: datetime | None = Field(title="Nộp lúc")
    approved_at: datetime | None = Field(title="Phê duyệt lúc")
    document_sha256: str | None = Field(title="Tệp đã ký")
    returned_fields: list[dict[str, Any]] | None = Field(title="Mục bị trả lại và lý do")


class Me(BaseModel):
    """The asker's own page."""

    account_id: UUID = Field(title="Tài khoản")
    display_name: str = Field(title="Họ và tên hoặc tên tài khoản")
    profile_id: UUID | None = Field(title="Hồ sơ của tôi")
    chapter: str | None = Field(title="Giai đoạn")
    chapter_vi: str | None = Field(title="Giai đoạn bằng lời")
    status_vi: str | None = Field(title="Tình trạng bằng lời")
    draft_revision_id: UUID | None = Field(title="Bản nháp")
    owed: list[Owed] = Field(title="Việc tôi phải làm")
    delegations: list[Delegation] = Field(title="Uỷ quyền đã nhận, chưa chấm dứt")
    last_submission: Submission | None = Field(title="Bản khai nộp gần nhất")
    next_step: str = Field(title="Bước tiếp theo")


_PROFILE = text(
    "SELECT p.chapter, p.status, p.pending_revision_id,"
    " (SELECT r.id FROM revisions r WHERE r.profile_id = p.id AND r.state = 'draft') AS draft"
    " FROM profiles p WHERE p.id = :id"
)
_LAST = text(
    "SELECT r.id AS revision_id, r.number, r.state, r.submitted_at, s.signed_at AS approved_at,"
    " s.document_sha256, r.returned_fields FROM revisions r"
    " LEFT JOIN LATERAL (SELECT a.signed_at, a.document_sha256 FROM approvals a WHERE a.profile_id ="
    " r.profile_id AND a.revision_id = r.id AND a.state = 'signed'"
    " ORDER BY a.signed_at DESC LIMIT 1) s ON true"
    " WHERE r.profile_id = :id AND r.state <> 'draft' AND r.submitted_at IS NOT NULL"
    " ORDER BY r.number DESC LIMIT 1"
)


async def me(read: Reading) -> Me:
    """The person's page; for an account without a profile, what its posts owe."""
    who = read.who
    owed = await _owed(read)
    row = (await read.connection.execute(_PROFILE, {"id": who.profile_id})).one_or_none()
    last = (await read.connection.execute(_LAST, {"id": who.profile_id})).one_or_none()
    received = await lent_to(read, side="received", running=True, limit=MOST, after=None)
    step = "Không có việc phải làm."
    if row is not None:
        step = next_step(row.chapter, owed, draft=row.draft is not None, pending=row.pending_revision_id)
    elif owed:
        due = f" trước hết ngày {owed[0].due_on:%d/%m/%Y}" if owed[0].due_on else ""
        step = f"Việc đến hạn sớm nhất{due} ({owed[0].citation})."
    submission = {**last._mapping, "state_vi": STATE_VI[last.state]} if last is not None else None
    return Me.model_validate(
        {
            "account_id": who.account_id,
            "display_name": who.display_name,
            "profile_id": who.profile_id,
            "chapter": row.chapter if row is not None else None,
            "chapter_vi": CHAPTER_VI[Chapter(row.chapter)] if row is not None else None,
            "status_vi": STATUS_VI[Status(row.status)] if row is not None else None,
            "draft_revision_id": row.draft if row is not None else None,
            "owed": owed,
            "delegations": received.items,
            "last_submission": submission,
            "next_step": step,
        }
    )


async def _owed(read: Reading) -> list[Owed]:
    found = await duties.listed(
        read, whose="mine", slot=None, overdue=None, due_before=None, limit=MOST, after=None
    )
    law, _ = await read.law_at(read.who.agency_id)
    lent = await borrowed(read)
    lines = []
    for duty in found.items:
        rule = law.slot(duty.slot)
        why = rule.text_vi if rule is not None else None
        behalf = lent.behalf(read.who, duty)
        lines.append(Owed(**duty.model_dump(), why=why, on_behalf_of=behalf, calls=settling(duty)))
    return lines
