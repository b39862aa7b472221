"""The form itself: a revision's content, the list of revisions, what changed, what was signed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits, tags
from api.reading.approval_lists import may_read_list
from api.reading.breaches import may_read_notice
from api.reading.reviews import may_read_report
from api.reading.slips import may_read_slip
from api.reading.withholding import Withheld, left_out, revision_line
from api.scope import Reading
from models.errors import RefusedError
from models.form import carry, catalogue, completeness, diff, visible, withhold
from models.lifecycle.forms import form_for
from models.record.exports import approved_on
from models.record.load import content_of


class RevisionLine(BaseModel):
    """One revision of the form without its content."""

    id: UUID = Field(title="Phiên bản")
    number: int = Field(title="Số phiên bản")
    based_on: int | None = Field(title="Dựa trên phiên bản")
    form_version: str = Field(title="Mẫu")
    digest: str = Field(title="SHA-256 của nội dung (RFC 8785)")
    state: str = Field(title="Trạng thái")
    author_id: UUID = Field(title="Tài khoản khai")
    evidence: list[str] = Field(title="Tài liệu chứng minh", description="SHA-256")
    returned_fields: list[dict[str, Any]] | None = Field(title="Mục bị trả lại và lý do")
    saved_at: datetime = Field(title="Ghi lúc")
    submitted_at: datetime | None = Field(title="Nộp lúc")
    approved_at: datetime | None = Field(title="Phê duyệt lúc")


class Form(RevisionLine):
    """One revision with its content, opened for those who may read it.

    Fields above the reader's level of restriction are named in ``withheld``, filled or not; ``filled`` and
    ``asked`` then count what is shown.
    """

    content: dict[str, Any] = Field(title="Nội dung theo mẫu")
    withheld: list[Withheld] = Field(
        default=[], title="Mục không hiển thị do độ hạn chế tiếp cận", description="Kể cả mục bỏ trống"
    )
    filled: int = Field(title="Số mục đã khai")
    asked: int = Field(title="Số mục phải khai")


class Change(BaseModel):
    """One difference between two revisions."""

    path: str = Field(title="Mục")
    label: str = Field(title="Tên mục")
    kind: str = Field(title="Loại thay đổi", description="added, removed, changed, moved")
    before: Any = Field(title="Trước")
    after: Any = Field(title="Sau")
    sensitivity: str = Field(title="Mức độ nhạy cảm")


class Changes(BaseModel):
    """What changed from one revision to another."""

    from_number: int | None = Field(title="Từ phiên bản", description="Không có: so với bản trống")
    to_number: int = Field(title="Đến phiên bản")
    items: list[Change] = Field(title="Thay đổi")
    withheld: list[Withheld] = Field(
        default=[], title="Mục không so sánh do độ hạn chế tiếp cận", description="Dù có thay đổi hay không"
    )


class Signed(BaseModel):
    """An approval with the document it made."""

    id: UUID = Field(title="Phê duyệt")
    revision: int = Field(title="Số phiên bản")
    approver_id: UUID = Field(title="Tài khoản phê duyệt")
    approver_role: str = Field(title="Vai trò")
    approver: str | None = Field(title="Người phê duyệt", description="Không có khi ngoài phạm vi")
    on_behalf_of: UUID | None = Field(title="Thay mặt tài khoản", description="Khi ký theo uỷ quyền")
    on_behalf_of_name: str | None = Field(title="Thừa uỷ quyền của", description="Không có khi ngoài phạm vi")
    delegation_id: UUID | None = Field(title="Theo uỷ quyền")
    digest: str = Field(title="SHA-256 của nội dung")
    rule_ids: list[str] = Field(title="Quy định áp dụng")
    rule_set_hash: str = Field(title="Mã băm của bộ quy định")
    state: str = Field(title="Trạng thái")
    late_days: int = Field(title="Số ngày làm việc trễ")
    requested_at: datetime = Field(title="Yêu cầu lúc")
    signed_at: datetime | None = Field(title="Ký lúc")
    document_sha256: str | None = Field(title="Tệp đã ký", description="Lấy ở /documents/{sha256}")
    certificate: str | None = Field(title="Vân tay chứng thư số")


_LINE = (
    "SELECT r.id, r.number, r.based_on, r.form_version, r.digest, r.state, r.author_id, r.evidence,"
    " r.returned_fields, r.saved_at, r.submitted_at, s.signed_at AS approved_at FROM revisions r"
    " LEFT JOIN LATERAL (SELECT max(a.signed_at) AS signed_at FROM approvals a"
    " WHERE a.profile_id = r.profile_id AND a.revision_id = r.id AND a.state = 'signed') s ON true"
    " WHERE r.profile_id = :id"
)
_ALL = text(f"{_LINE} ORDER BY r.number")
_NUMBER = text(f"{_LINE} AND r.number = :number")
_DRAFT = text(f"{_LINE} AND r.state = 'draft'")
_APPROVED = text(f"{_LINE} AND r.id = :revision")
_FORM = text("SELECT form_version FROM revisions WHERE id = :id")
_SIGNED = text(
    "SELECT s.*, r.number AS revision, a.display_name AS approver, b.display_name AS on_behalf_of_name"
    " FROM approvals s JOIN revisions r ON r.id = s.revision_id"
    " LEFT JOIN accounts a ON a.id = s.approver_id LEFT JOIN accounts b ON b.id = s.on_behalf_of"
    " WHERE s.profile_id = :id ORDER BY s.requested_at, s.id"
)
_DOCUMENT = text(
    "SELECT profile_id FROM approvals WHERE document_sha256 = :sha256 AND state = 'signed'"
    " AND list_id IS NULL"
    " UNION SELECT profile_id FROM exports WHERE document_sha256 = :sha256 AND state = 'made'"
)


async def form(
    read: Reading, profile_id: UUID, *, as_of: date | None, revision: int | None, draft: bool
) -> tuple[Form, str]:
    """One revision with its content and its ETag: the approved one, unless another is asked for.

    Raises:
        RefusedError: ``malformed-request`` when two are asked for at once; ``not-found``; ``not-permitted``.
    """
    if (as_of is not None) + (revision is not None) + draft > 1:
        raise RefusedError.of(
            "malformed-request",
            "Chỉ chọn một trong as_of, revision và draft.",
            "Give one of as_of, revision and draft.",
        )
    subject = await permits.profile(read, profile_id)
    subject.must_have_content()
    values: dict[str, Any] = {"id": profile_id}
    if as_of is not None:
        stood = await approved_on(read.connection, profile_id, as_of)
        query, values["revision"] = _APPROVED, stood.revision_id if stood is not None else None
    elif revision is not None:
        query, values["number"] = _NUMBER, revision
    elif draft:
        query = _DRAFT
    else:
        query, values["revision"] = _APPROVED, subject.row.approved_revision_id
    row = (await read.connection.execute(query, values)).one_or_none()
    if row is None:
        raise permits.missing()
    content = await content_of(read.connection, read.tools, read.who.authority_id, row.id)
    stands = catalogue(row.form_version)
    if draft:
        # The category or the law changed since: it goes on with what the form of today asks for too.
        law, _ = await read.law_at(subject.row.agency_id)
        now = form_for(law, subject.row.category, read.today)
        stands, content = now, carry(stands, now, content, on=read.today)
    content = withhold(stands.version, content, subject.level)
    filled, asked = completeness(visible(stands.version, subject.level), content)
    about = {
        **revision_line(row, subject.level),
        "form_version": stands.version,
        "withheld": await left_out(read, stands.version, subject.level, subject.row.agency_id),
    }
    found = Form.model_validate({**about, "content": content, "filled": filled, "asked": asked})
    return found, tags.of_revision(row.number, row.state, row.digest, row.evidence)


async def revisions(read: Reading, profile_id: UUID) -> list[RevisionLine]:
    """All revisions, the oldest first."""
    subject = await permits.profile(read, profile_id)
    rows = await read.connection.execute(_ALL, {"id": profile_id})
    return [RevisionLine.model_validate(revision_line(row, subject.level)) for row in rows]


async def changes(read: Reading, profile_id: UUID, first: int | None, second: int | None) -> Changes:
    """From ``first`` (unless given: what ``second`` is based on) to ``second`` (unless given: the newest)."""
    subject = await permits.profile(read, profile_id)
    subject.must_have_content()
    rows = {row.number: row for row in await read.connection.execute(_ALL, {"id": profile_id})}
    if not rows:
        raise permits.missing()
    to = rows.get(second if second is not None else subject.row.revision_number)
    if to is None:
        raise permits.missing()
    origin = first if first is not None else to.based_on
    before = rows.get(origin) if origin is not None else None
    if origin is not None and before is None:
        raise permits.missing()
    return Changes(
        from_number=origin,
        to_number=to.number,
        items=await compared(read, before.id if before else None, to.id, to.form_version, subject.level),
        withheld=await left_out(read, to.form_version, subject.level, subject.row.agency_id),
    )


async def compared(read: Reading, before: UUID | None, after: UUID, version: str, level: int) -> list[Change]:
    """Field by field as a reader of ``level`` sees it; everything is new where there is nothing before."""
    authority = read.who.authority_id
    old = await content_of(read.connection, read.tools, authority, before) if before else {}
    if before:
        # Declared on another form: what this one asks for too is compared, the rest is no difference.
        stood = str(await read.connection.scalar(_FORM, {"id": before}))
        old = carry(catalogue(stood), catalogue(version), old, on=read.today)
    new = await content_of(read.connection, read.tools, authority, after)
    return [
        Change(
            path=one.path,
            label=one.label,
            kind=one.kind,
            before=one.before,
            after=one.after,
            sensitivity=one.sensitivity,
        )
        for one in diff(visible(version, level), withhold(version, old, level), withhold(version, new, level))
    ]


async def signed(read: Reading, profile_id: UUID) -> list[Signed]:
    """Every approval asked for, with the signed file where there is one."""
    await permits.profile(read, profile_id)
    rows = await read.connection.execute(_SIGNED, {"id": profile_id})
    return [Signed.model_validate(dict(row._mapping)) for row in rows]


_RENEWED = text("SELECT current_sha256 FROM archived_files WHERE document_sha256 = :sha256")


async def renewed(read: Reading, sha256: str) -> str:
    """The hash of the same file with its latest archive timestamp; its own where there is none."""
    found = await read.connection.scalar(_RENEWED, {"sha256": sha256})
    return str(found) if found is not None else sha256


async def may_read_document(read: Reading, sha256: str) -> None:
    """Whether an approval, or a review's report, that the asker may see carries this file.

    Raises:
        RefusedError: ``not-found`` or ``not-permitted``.
    """
    if await may_read_report(read, sha256) or await may_read_list(read, sha256):
        return
    if await may_read_slip(read, sha256) or await may_read_notice(read, sha256):
        return
    carriers = (await read.connection.execute(_DOCUMENT, {"sha256": sha256})).scalars().all()
    refused = permits.missing()
    for profile_id in carriers:
        try:
            subject = await permits.profile(read, profile_id)
            subject.must_see_whole()
            subject.must_have_content()
        except RefusedError as error:
            refused = error
        else:
            return
    raise refused
