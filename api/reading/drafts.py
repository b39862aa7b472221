"""Saving a draft and uploading what proves it: light writes, one transaction, the engine hears nothing.

A draft's number follows the newest revision's, so that it is unused; submitting makes it the profile's own.
No draft is begun while a submission waits: a return makes the next one from it.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.reading import permits, tags
from api.reading.permits import Subject
from api.scope import Reading
from models.errors import FieldRefusal, RefusedError
from models.form import (
    MAY_WAIT,
    Catalogue,
    FieldIssue,
    carry,
    catalogue,
    digest,
    owned_by,
    split,
    tidy,
    validate,
)
from models.identifiers import new_id
from models.lifecycle.forms import form_for
from models.record.load import content_of

LARGEST_CONTENT = 1_000_000
"""Bytes of canonical JSON."""

DEEPEST = 6
"""Levels of objects and lists in a content; a table's address column has four."""


class DraftBody(BaseModel):
    """The person's part of the form as a whole; or, from HR, the authority's part (item 38).

    ``on_behalf``: HR enters the person's part from a confirmed form, where the law has it entered so.
    """

    model_config = ConfigDict(extra="forbid")
    content: dict[str, Any] = Field(title="Nội dung theo mẫu", description="Mục bỏ trống thì không gửi")
    evidence: list[str] | None = Field(
        default=None,
        max_length=50,
        title="Tài liệu chứng minh",
        description="SHA-256 của tệp đã tải lên hồ sơ này; không gửi thì giữ như cũ",
    )
    on_behalf: bool = Field(
        default=False,
        title="Nhập thay",
        description="Cơ quan nhập phần của người có hồ sơ theo mẫu đã xác nhận, nơi quy chế cho phép",
    )


class Remaining(BaseModel):
    """Something still to be put right before the draft can be submitted."""

    path: str = Field(title="Mục")
    label: str = Field(title="Tên mục")
    code: str = Field(title="Mã lỗi")
    message: str = Field(title="Nội dung")
    message_en: str = Field(title="Nội dung (tiếng Anh)")
    source: str = Field(title="Căn cứ")


class Draft(BaseModel):
    """The saved draft: its id and digest are what a submission names."""

    id: UUID = Field(title="Bản nháp")
    number: int = Field(title="Số phiên bản")
    digest: str = Field(title="SHA-256 của nội dung")
    evidence: list[str] = Field(title="Tài liệu chứng minh")
    remaining: list[Remaining] = Field(title="Còn phải sửa hoặc bổ sung")


@dataclass(frozen=True, slots=True)
class _Base:
    """What a save starts from: the draft, else the approved revision, else an empty form."""

    draft: Any
    content: dict[str, Any]
    evidence: list[str]
    number: int
    based_on: int | None
    tag: str


_FOUND = text(
    "SELECT id, number, state, digest, evidence, based_on, form_version FROM revisions"
    " WHERE profile_id = :id AND (state = 'draft' OR id = CAST(:approved AS uuid))"
)
_NEXT = text("SELECT greatest(:known, coalesce(max(number), 0)) + 1 FROM revisions WHERE profile_id = :id")
_ATTACHED = text("SELECT sha256 FROM attachments WHERE profile_id = :id AND sha256 = ANY (:evidence)")
_INSERT = text(
    "INSERT INTO revisions (id, authority_id, profile_id, number, based_on, form_version, content, sealed,"
    " key_id, digest, state, author_id, evidence, saved_at) VALUES (:id, :authority, :profile, :number,"
    " :based_on, :form, CAST(:content AS jsonb), :sealed, :key, :digest, 'draft', :author,"
    " CAST(:evidence AS jsonb), :now)"
)
_UPDATE = text(
    "UPDATE revisions SET content = CAST(:content AS jsonb), sealed = :sealed, key_id = :key,"
    " digest = :digest, form_version = :form, evidence = CAST(:evidence AS jsonb), saved_at = :now"
    " WHERE id = :id AND state = 'draft' AND digest = :before AND evidence = CAST(:evidence_before AS jsonb)"
)


async def save(read: Reading, profile_id: UUID, body: DraftBody, if_match: str | None) -> tuple[Draft, str]:
    """Save the draft; answers it with its new ETag.

    Raises:
        RefusedError: ``precondition-required``, ``stale-revision``, ``not-found``, ``not-permitted``,
            ``wrong-state``, ``approval-open``, ``invalid-form``, ``attachment-missing``,
            ``malformed-request``, ``request-too-large``.
    """
    wanted = tags.required(if_match)
    verbs = ("enter_form",) if body.on_behalf else ("declare", "create_profile")
    subject = await permits.profile(read, profile_id, *verbs)
    by_person = body.on_behalf or profile_id == read.who.profile_id
    _open_for_drafts(subject)
    law, _ = await read.law_at(subject.row.agency_id)
    form = form_for(law, subject.row.category, read.today)
    base = await _base(read, subject, form)
    tags.unmoved(wanted, base.tag)
    content, remaining = _judged(form, base.content, body.content, read, by_person=by_person)
    evidence = base.evidence if body.evidence is None else list(dict.fromkeys(body.evidence))
    await _attached(read, profile_id, evidence)
    made = await _write(read, subject, base, form, content, evidence)
    saved = Draft(**made, evidence=evidence, remaining=[_remaining(issue) for issue in remaining])
    return saved, tags.of_revision(saved.number, "draft", saved.digest, evidence)


def _open_for_drafts(subject: Subject) -> None:
    if subject.row.pending_revision_id is not None:
        raise RefusedError.of(
            "approval-open",
            "Một bản khai đang chờ phê duyệt; khi bị trả lại sẽ có bản nháp mới.",
            "A submission awaits approval; if it is returned, the next draft is made from it.",
        )
    if subject.row.chapter in ("account", "separation", "archive"):
        raise RefusedError.of(
            "wrong-state", "Hồ sơ ở giai đoạn này không khai được.", "Nothing is declared in this chapter."
        )


async def _base(read: Reading, subject: Subject, form: Catalogue) -> _Base:
    """What stands so far, as far as the form of today asks for it too."""
    values = {"id": subject.id, "approved": subject.row.approved_revision_id}
    rows = {row.state: row for row in await read.connection.execute(_FOUND, values)}
    draft, approved = rows.get("draft"), rows.get("approved")
    source = draft or approved
    authority = read.who.authority_id
    content = await content_of(read.connection, read.tools, authority, source.id) if source else {}
    if source:
        content = carry(catalogue(source.form_version), form, content, on=read.today)
    if draft is not None:
        tag = tags.of_revision(draft.number, "draft", draft.digest, draft.evidence)
        return _Base(draft, content, list(draft.evidence), draft.number, draft.based_on, tag)
    known = subject.row.revision_number
    number = await read.connection.scalar(_NEXT, {"id": subject.id, "known": known})
    based_on = approved.number if approved is not None else None
    return _Base(None, content, [], int(number or 1), based_on, tags.of_profile(known))


def _judged(
    form: Catalogue, before: dict[str, Any], given: dict[str, Any], read: Reading, *, by_person: bool
) -> tuple[dict[str, Any], list[FieldIssue]]:
    """The next whole content and what is still wrong with it.

    Raises:
        RefusedError: ``invalid-form`` for what may not even stand in a draft, each field with its label.
    """
    _readable(given)
    issues = list(validate(form, given, on=read.today, by="person" if by_person else "agency"))
    if not by_person:
        issues = [issue for issue in issues if issue.code not in MAY_WAIT]
        issues += [_not_theirs(form, name) for name in owned_by(form, given, "person")]
    wrong = [issue for issue in issues if issue.code not in MAY_WAIT]
    if wrong:
        raise RefusedError.of(
            "invalid-form",
            f"Có {len(wrong)} mục không ghi được.",
            f"{len(wrong)} fields cannot be saved.",
            fields=tuple(FieldRefusal(i.path, i.label, i.message_vi, i.message_en) for i in wrong),
        )
    kept = owned_by(form, before, "agency" if by_person else "person")
    try:
        content = tidy(form, {**kept, **given})
        digest(content)
    except ValueError:
        raise RefusedError.of(
            "malformed-request", "Nội dung không có dạng chuẩn.", "The content has no canonical form."
        ) from None
    return content, issues if by_person else []


def _readable(given: dict[str, Any]) -> None:
    """Refuse what could not even be looked at: nested without end, unwritable characters, too much."""
    layer: list[Any] = [given]
    for _ in range(DEEPEST):
        layer = [v for one in layer for v in (one.values() if isinstance(one, dict) else one)]
        layer = [v for v in layer if isinstance(v, dict | list)]
    try:
        size = len(json.dumps(given, ensure_ascii=False).encode()) if not layer else 0
    except (UnicodeEncodeError, ValueError):
        layer = [given]
    if layer:
        raise RefusedError.of("malformed-request", "Nội dung không đọc được.", "The content cannot be read.")
    if size > LARGEST_CONTENT:
        raise RefusedError.of("request-too-large", extra={"largest": LARGEST_CONTENT})


def _not_theirs(form: Catalogue, name: str) -> FieldIssue:
    label = form.label(name)
    return FieldIssue(
        name, label, "not-your-field", f"{label}: chỉ người có hồ sơ được khai mục này.",
        f"{form.label_en(name)}: only the person declares this item.", form.source,
    )  # fmt: skip


async def _attached(read: Reading, profile_id: UUID, evidence: list[str]) -> None:
    """Every file named as evidence lies with this profile.

    Raises:
        RefusedError: ``attachment-missing``, naming each place in the list.
    """
    values = {"id": profile_id, "evidence": evidence}
    known = set((await read.connection.execute(_ATTACHED, values)).scalars())
    absent = tuple(
        FieldRefusal(
            f"evidence[{place}]",
            "Tài liệu chứng minh",
            "Tài liệu chứng minh: hồ sơ không có tệp này.",
            "Evidence: the profile has no such file.",
        )
        for place, sha256 in enumerate(evidence)
        if sha256 not in known
    )
    if absent:
        raise RefusedError.of("attachment-missing", fields=absent)


async def _write(
    read: Reading,
    subject: Subject,
    base: _Base,
    form: Catalogue,
    content: dict[str, Any],
    evidence: list[str],
) -> dict[str, Any]:
    row_id = base.draft.id if base.draft is not None else new_id()
    authority = read.who.authority_id
    in_the_open, secret = split(form, content)
    sealed = read.tools.cipher.seal(
        authority, "revisions", row_id, "sealed", json.dumps(secret, ensure_ascii=False).encode()
    )
    values = {
        "id": row_id,
        "authority": authority,
        "profile": subject.id,
        "number": base.number,
        "based_on": base.based_on,
        "form": form.version,
        "content": json.dumps(in_the_open, ensure_ascii=False),
        "sealed": sealed.data,
        "key": sealed.key_id,
        "digest": digest(content),
        "author": read.who.account_id,
        "evidence": json.dumps(evidence),
        "evidence_before": json.dumps(base.evidence),
        "before": base.draft.digest if base.draft is not None else None,
        "now": read.now,
    }
    try:
        result = await read.connection.execute(_UPDATE if base.draft is not None else _INSERT, values)
    except IntegrityError:
        raise _overtaken() from None
    if result.rowcount != 1:
        raise _overtaken()
    return {"id": row_id, "number": base.number, "digest": values["digest"]}


def _overtaken() -> RefusedError:
    return RefusedError.of(
        "stale-revision",
        "Bản nháp vừa được ghi hoặc nộp ở nơi khác.",
        "The draft was just saved or submitted elsewhere.",
    )


def _remaining(issue: FieldIssue) -> Remaining:
    return Remaining(
        path=issue.path,
        label=issue.label,
        code=issue.code,
        message=issue.message_vi,
        message_en=issue.message_en,
        source=issue.source,
    )
