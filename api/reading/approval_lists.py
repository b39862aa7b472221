"""An approval list as it was shown: what is looked at is what is confirmed and signed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits, read_log
from api.reading.checks import CHECKS, Check, Failure, failures
from api.reading.withholding import known_labels
from api.scope import Reading
from models.access import Allowed
from models.form import top_level

ANCESTORS = (
    "ARRAY(SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = m.agency_id"
    " AND c.valid_to IS NULL ORDER BY c.depth) AS ancestors"
)


class ListRow(BaseModel):
    """One row, as printed and signed."""

    position: int = Field(title="Số thứ tự")
    profile_id: UUID = Field(title="Hồ sơ")
    person: str | None = Field(title="Họ và tên")
    revision_id: UUID = Field(title="Phiên bản")
    number: int | None = Field(
        title="Số phiên bản",
        description="Không có: hồ sơ đã lưu trữ, chỉ người được xem lưu trữ thấy / archived since",
    )
    digest: str = Field(title="SHA-256 của nội dung")
    changes: list[str] = Field(title="Mục thay đổi")
    risk: int = Field(
        title="Mức cần xem kỹ",
        description="Cộng: 4 nhân thân, 2 lương, 1 ngày tháng / identity, salary, dates",
    )
    checks: list[Check] = Field(title="Các bước đã ký")
    failures: list[Failure] = Field(
        title="Những lần không đạt",
        description="Đến lúc này, kể cả sau khi chốt / until now, also after it was frozen",
    )


class ApprovalList(Page):
    """A list cut for one signer."""

    id: UUID = Field(title="Danh sách")
    agency_month_id: UUID = Field(title="Danh sách tháng")
    account_id: UUID = Field(title="Lập cho tài khoản")
    state: str = Field(
        title="Trạng thái",
        description="`cutting`, `shown` (chờ xác nhận), `signing`, `signed`, `failed`, `superseded`",
    )
    size: int | None = Field(title="Số hồ sơ")
    root: str | None = Field(title="Gốc cây băm (RFC 6962)")
    digest: str | None = Field(title="SHA-256 của bản kê", description="Gửi lại khi phê duyệt / confirm this")
    prepared_sha256: str | None = Field(title="Tệp để xem", description="Lấy ở /documents/{sha256}")
    document_sha256: str | None = Field(title="Tệp đã ký", description="Lấy ở /documents/{sha256}")
    reason: str | None = Field(title="Lý do không thành")
    requested_at: datetime = Field(title="Yêu cầu lúc")
    shown_at: datetime | None = Field(title="Chốt lúc")
    ended_at: datetime | None = Field(title="Kết thúc lúc")
    left: int = Field(title="Số hồ sơ để lại", description="Vì sao: /agency-months/{id}/rounds/{command_id}")
    command_id: UUID = Field(title="Yêu cầu lập danh sách")
    items: list[ListRow] = Field(title="Hồ sơ")


_ONE = text(
    f"SELECT l.*, m.agency_id, {ANCESTORS}, (SELECT count(*) FROM approval_results s"  # noqa: S608 — a constant
    " WHERE s.command_id = l.command_id AND s.outcome = 'stays') AS left"
    " FROM approval_lists l JOIN agency_months m ON m.id = l.agency_month_id WHERE l.id = :id"
)
_ROWS = text(
    "SELECT w.position, w.profile_id, p.full_name AS person, w.revision_id, r.number, w.digest, w.changes,"  # noqa: S608 — a constant
    f" w.risk, {CHECKS.format(row='w')} AS checks FROM approval_list_rows w"
    " LEFT JOIN revisions r ON r.id = w.revision_id"
    " JOIN profiles p ON p.id = w.profile_id WHERE w.list_id = :id AND w.position > :after"
    " ORDER BY w.position LIMIT :limit"
)
_NAMED = text("SELECT profile_id FROM approval_list_rows WHERE list_id = :id")
_CARRIED = text(
    f"SELECT l.id, m.agency_id, {ANCESTORS} FROM approval_lists l"  # noqa: S608 — a constant
    " JOIN agency_months m ON m.id = l.agency_month_id"
    " WHERE :sha256 IN (l.prepared_sha256, l.document_sha256) LIMIT 1"
)


async def one(read: Reading, list_id: UUID, limit: int, after: str | None) -> ApprovalList:
    """The list with a page of its rows.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = (await read.connection.execute(_ONE, {"id": list_id})).one_or_none()
    if row is None:
        raise permits.missing()
    level = (await permitted(read, row)).level
    key = key_of(after, int)
    values = {"id": list_id, "after": key[0] if key else 0, "limit": limit + 1}
    items, more = page((await read.connection.execute(_ROWS, values)).all(), limit)
    failed = await failures(read, row.agency_month_id, row.agency_id, items)
    return ApprovalList.model_validate(
        {
            **row._mapping,
            "items": [
                {
                    **i._mapping,
                    "changes": known_labels(i.changes, level),
                    "failures": failed.get(i.profile_id, []),
                }
                for i in items
            ],
            "next": cursor(items[-1].position) if more else None,
        }
    )


async def permitted(read: Reading, row: Any) -> Allowed:
    """A list names many people: whoever reads the profiles of its agency may see it, the person alone not.

    Raises:
        RefusedError: ``not-permitted`` and the like.
    """
    return await permits.at(read, "read_profile", row.agency_id)


async def may_read_list(read: Reading, sha256: str) -> bool:
    """Whether this file is an approval list that the asker may take.

    It prints names and every label that changed, as it was signed: it cannot be shown in part, and each
    person named in it is told who took it.

    Raises:
        RefusedError: ``not-permitted`` and the like, ``field-withheld``, ``purpose-required``.
    """
    row = (await read.connection.execute(_CARRIED, {"sha256": sha256})).one_or_none()
    if row is None:
        return False
    await taken(read, row)
    return True


async def taken(read: Reading, row: Any) -> None:
    """The list of this row leaves as a file: by who sees all of it, written down for everybody named in it.

    Raises:
        RefusedError: ``not-permitted`` and the like, ``field-withheld``, ``purpose-required``.
    """
    verdict = await permitted(read, row)
    if verdict.level < top_level():
        raise permits.withheld(verdict.level)
    named = (await read.connection.execute(_NAMED, {"id": row.id})).scalars()
    await read_log.record_several(read, named.all(), verdict)
