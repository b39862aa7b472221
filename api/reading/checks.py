"""What a file on a list went through since it was last approved: who signed it, what failed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.scope import Reading
from models.access import Allowed, Target, Verb, may
from models.form import catalogue, may_know, top_level


class Check(BaseModel):
    """An earlier signature over the revision."""

    approval_id: UUID = Field(title="Phê duyệt")
    approver_role: str = Field(title="Vai trò")
    signed_at: datetime | None = Field(title="Ký lúc")
    document_sha256: str | None = Field(title="Tệp đã ký")


class Returned(BaseModel):
    """A field that was given back."""

    path: str = Field(title="Mục")
    label: str = Field(title="Tên mục")
    reason: str = Field(title="Lý do")


class Failure(BaseModel):
    """Something that did not pass, of this revision or of one before it that was not approved and sent."""

    kind: str = Field(
        title="Loại",
        description="`signature`: ký không thành; `list`: danh sách có hồ sơ này không thành;"
        " `returned`: trả lại để sửa; `rejected`: CSDLQG không nhận; `sent_back`: cơ quan quản lý trả lại;"
        " `held`: giữ lại",
    )
    at: datetime | None = Field(title="Lúc")
    revision: int = Field(title="Số phiên bản")
    code: str | None = Field(title="Mã lý do")
    reason: str | None = Field(
        title="Lý do", description="Lời của người nêu; chỉ người được xem toàn bộ hồ sơ thấy / in their words"
    )
    fields: list[Returned] = Field(title="Mục bị trả lại")


CHECKS = (
    "(SELECT coalesce(json_agg(json_build_object('approval_id', s.id, 'approver_role', s.approver_role,"
    " 'signed_at', s.signed_at, 'document_sha256', s.document_sha256) ORDER BY s.signed_at), '[]')"
    " FROM approvals s WHERE s.profile_id = {row}.profile_id AND s.revision_id = {row}.revision_id"
    " AND s.state = 'signed')"
)
"""The signatures over what row ``{row}`` of a list names, as JSON for `Check`."""

_WHOSE = text(
    "SELECT p.id, p.agency_id, p.account_id, ARRAY(SELECT c.ancestor_id FROM agency_closure c"
    " WHERE c.descendant_id = p.agency_id AND c.valid_to IS NULL ORDER BY c.depth) AS ancestors"
    " FROM profiles p WHERE p.id = ANY (CAST(:profiles AS uuid[]))"
)
# Since the newest revision before it that was approved; of that one only what kept it from being taken.
_FAILURES = text(
    "WITH asked AS (SELECT r.profile_id, r.number, p.synced_revision_id, coalesce((SELECT max(b.number)"
    "   FROM revisions b WHERE b.profile_id = r.profile_id AND b.number < r.number"
    "   AND b.state IN ('approved', 'superseded')), 0) AS base"
    " FROM revisions r JOIN profiles p ON p.id = r.profile_id"
    " WHERE r.id = ANY (CAST(:revisions AS uuid[])))"
    " SELECT a.profile_id, 'signature' AS kind, coalesce(e.at, s.requested_at) AS at, q.number,"
    " q.form_version, e.facts ->> 'reason' AS code, NULL AS reason, NULL::jsonb AS fields"
    " FROM asked a JOIN approvals s ON s.profile_id = a.profile_id AND s.state = 'failed'"
    " JOIN revisions q ON q.id = s.revision_id AND q.number > a.base AND q.number <= a.number"
    " LEFT JOIN events e ON e.profile_id = a.profile_id AND e.kind = 'approval.failed'"
    "   AND e.facts ->> 'approval' = s.id::text"
    " UNION ALL SELECT a.profile_id, 'list', l.ended_at, q.number, q.form_version, l.reason, NULL, NULL"
    " FROM asked a JOIN approval_lists l ON l.agency_month_id = :month AND l.state = 'failed'"
    " JOIN approval_list_rows w ON w.list_id = l.id AND w.profile_id = a.profile_id"
    " JOIN revisions q ON q.id = w.revision_id"
    " UNION ALL SELECT a.profile_id, 'returned', e.at, q.number, q.form_version, NULL, NULL,"
    " q.returned_fields FROM asked a JOIN revisions q ON q.profile_id = a.profile_id"
    "   AND q.state = 'returned' AND q.number > a.base AND q.number < a.number"
    " LEFT JOIN events e ON e.profile_id = a.profile_id AND e.kind = 'declaration.returned'"
    "   AND e.facts ->> 'revision' = q.number::text"
    " UNION ALL SELECT a.profile_id, o.state, o.changed_at, q.number, q.form_version, NULL, o.reason, NULL"
    " FROM asked a JOIN month_items o ON o.profile_id = a.profile_id AND o.agency_month_id <> :month"
    "   AND o.state IN ('rejected', 'sent_back', 'held')"
    " JOIN revisions q ON q.id = o.revision_id AND q.number >= a.base AND q.number <= a.number"
    " WHERE o.revision_id IS DISTINCT FROM a.synced_revision_id"
    " ORDER BY at NULLS LAST, kind"
)


async def failures(
    read: Reading, month_id: UUID, agency_id: UUID, rows: Sequence[Any]
) -> dict[UUID, list[Failure]]:
    """What did not pass so far, by profile, for rows of one month's list: oldest first.

    That something failed, when and by which code is everybody's who sees the list. Words that somebody wrote
    about a person are for whoever may read that very file, fields as far as the reader sees the form.
    """
    levels = await _levels(read, agency_id, [row.profile_id for row in rows])
    values = {"month": month_id, "revisions": [str(row.revision_id) for row in rows]}
    found: dict[UUID, list[Failure]] = defaultdict(list)
    for row in await read.connection.execute(_FAILURES, values):
        found[row.profile_id].append(_failure(row, levels.get(row.profile_id, 0)))
    return found


async def _levels(read: Reading, agency_id: UUID, profiles: Sequence[UUID]) -> dict[UUID, int]:
    """How far the asker sees into each of these files; none of those that may not be opened."""
    law, _ = await read.law_at(agency_id)
    values = {"profiles": [str(one) for one in profiles]}
    levels: dict[UUID, int] = {}
    for row in await read.connection.execute(_WHOSE, values):
        target = Target(row.agency_id, tuple(row.ancestors), row.id, subject_account_id=row.account_id)
        verdict = may(read.who.actor, Verb.READ_PROFILE, target, read.today, law)
        if isinstance(verdict, Allowed):
            levels[row.id] = verdict.level
    return levels


def _failure(row: Any, level: int) -> Failure:
    told = [one for one in row.fields or () if may_know(row.form_version, str(one.get("path", "")), level)]
    whole = level >= top_level()
    words = [str(one["reason"]) for one in told if "path" not in one]
    return Failure(
        kind=row.kind,
        at=row.at,
        revision=row.number,
        code=row.code,
        reason=(row.reason or "; ".join(words) or None) if whole else None,
        fields=[_returned(row.form_version, one) for one in told if "path" in one] if level else [],
    )


def _returned(version: str, one: dict[str, Any]) -> Returned:
    path = str(one["path"])
    return Returned(path=path, label=catalogue(version).label(path), reason=str(one.get("reason", "")))
