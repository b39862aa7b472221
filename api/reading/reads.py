"""Who looked at my file: for the person it is about, and for the auditor."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.scope import Reading
from models.access import Allowed, Verb, may, roles
from models.form import levels

PARTS: dict[str, tuple[str, str]] = {
    "getProfile": ("Trang hồ sơ", "the file's page"),
    "listCustody": ("Đơn vị quản lý qua các thời kỳ", "who held the file"),
    "explainProfile": ("Giải thích các nghĩa vụ", "why each thing is owed"),
    "explainDuty": ("Giải thích một nghĩa vụ", "why one thing is owed"),
    "getForm": ("Nội dung bản khai", "the form"),
    "listRevisions": ("Các phiên bản", "the revisions"),
    "compareRevisions": ("Thay đổi giữa hai phiên bản", "what changed"),
    "getNationalRecord": ("Hồ sơ tiếp nhận từ CSDLQG", "the record of the national database"),
    "listDocuments": ("Phê duyệt và tệp đã ký", "approvals and signed files"),
    "getDocument": ("Tệp đã ký", "a signed file"),
    "listConsents": ("Sự đồng ý cho xem hồ sơ", "the consents to read"),
    "downloadRegister": ("Tải sổ theo dõi có tên hồ sơ", "a register that names the file, taken away"),
    "listHolds": ("Các lệnh giữ hồ sơ", "the legal holds"),
    "previewMerge": ("Hai hồ sơ trùng đặt cạnh nhau", "two profiles of one person side by side"),
    "listSlips": ("Phiếu kèm hồ sơ", "the slips"),
    "listProfileRequests": ("Yêu cầu sửa, khiếu nại", "corrections asked for and disputes"),
    "listProfileBreaches": ("Sự cố liên quan", "breaches that concern the file"),
    "listExports": ("Nhật ký xuất hồ sơ", "the log of exports"),
    "listAttachments": ("Danh mục tài liệu chứng minh", "the list of evidence"),
    "getAttachment": ("Tài liệu chứng minh", "a piece of evidence"),
    "previewAttachment": ("Trang của tài liệu chứng minh", "a page of a piece of evidence"),
    "listNationalProposals": ("Điều chỉnh từ Cơ sở dữ liệu quốc gia", "what the national database corrected"),
    "attachmentSignatures": ("Chữ ký trên tài liệu chứng minh", "the signatures on a piece of evidence"),
    "getEvidence": ("Chứng cứ phê duyệt", "the evidence of an approval"),
    "listGateItems": ("Thay đổi chờ ở cổng phê duyệt", "what changed, at the department's gate"),
    "downloadFields": ("Tải bảng một số mục của hồ sơ", "some fields of the form, taken away as a workbook"),
    "getReceipt": ("Biên nhận của CSDLQG, nguyên văn", "an answer of the national database, as it came"),
    "listReviewFindings": ("Mục chưa đạt trong đợt rà soát", "what a data review found wanting"),
    "listUnready": ("Mục chưa đạt trước kỳ chốt tháng", "what is wanting before the month's end"),
    "getSigningSource": ("Văn bản đã chuẩn bị để ký", "a document prepared to be signed"),
    "getProfileTimeline": ("Diễn biến", "the timeline"),
    "getEventProof": ("Chứng minh một sự kiện", "the proof of an event"),
}
"""Each part of a file by the operation that shows it, in words."""


class LookedAt(BaseModel):
    """One reader at one part of the file, within a quarter of an hour."""

    id: UUID = Field(title="Dòng nhật ký")
    at: datetime = Field(title="Lúc", description="Lần đầu trong 15 phút / the first time in 15 minutes")
    reader: str = Field(title="Người xem")
    role: str = Field(title="Vai trò")
    role_vi: str = Field(title="Vị trí")
    role_en: str = Field(title="Vị trí (tiếng Anh)")
    agency: str = Field(title="Cơ quan, đơn vị của người xem")
    part: str = Field(title="Phần đã xem")
    part_vi: str = Field(title="Phần đã xem bằng lời")
    part_en: str = Field(title="Phần đã xem (tiếng Anh)")
    purpose: str = Field(title="Mục đích", description="Do người xem nêu, hoặc suy từ công việc của vị trí")
    stated: bool = Field(title="Mục đích do người xem nêu")
    citation: str | None = Field(title="Căn cứ")
    level: int = Field(title="Xem đến độ hạn chế tiếp cận")
    level_vi: str = Field(title="Độ hạn chế bằng lời")
    delegation_id: UUID | None = Field(title="Theo uỷ quyền")


class Reads(Page):
    """A page of the log, the newest first."""

    items: list[LookedAt] = Field(title="Lượt xem")


_LIST = (
    "SELECT r.*, a.name AS agency FROM dossier_reads r JOIN agencies a ON a.id = r.agency_id"
    " WHERE r.profile_id = ANY (CAST(:profiles AS uuid[])){after} ORDER BY r.at DESC, r.id DESC LIMIT :limit"
)


async def mine(read: Reading, limit: int, after: str | None) -> Reads:
    """Who looked at the asker's own file, and at what was closed into it.

    Raises:
        RefusedError: ``not-found`` for an account without a file.
    """
    if read.who.profile_id is None:
        raise permits.missing()
    return await _listed(read, [read.who.profile_id, *read.who.merged], limit, after)


async def of_profile(read: Reading, profile_id: UUID, limit: int, after: str | None) -> Reads:
    """The log of one file, for whoever audits.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = await permits.row_of(read, profile_id)
    law, _ = await read.law_at(row.agency_id)
    target = permits.target_of(row, row.ancestors)
    verdict = may(read.who.actor, Verb.READ_LOG, target, read.today, law)
    if not isinstance(verdict, Allowed):
        raise permits.refused(verdict)
    return await _listed(read, [profile_id], limit, after)


async def _listed(read: Reading, profiles: list[UUID], limit: int, after: str | None) -> Reads:
    key = key_of(after, datetime.fromisoformat, UUID)
    values: dict[str, Any] = {"profiles": profiles, "limit": limit + 1}
    query = _LIST.format(after=" AND (r.at, r.id) < (:at, :last)" if key else "")
    if key is not None:
        values |= {"at": key[0], "last": key[1]}
    rows, more = page((await read.connection.execute(text(query), values)).all(), limit)
    return Reads(
        items=[_line(row) for row in rows],
        next=cursor(rows[-1].at.isoformat(), rows[-1].id) if more else None,
    )


def _line(row: Any) -> LookedAt:
    role = roles().roles[row.role]
    part_vi, part_en = PARTS.get(row.part, (row.part, row.part))
    return LookedAt.model_validate(
        {
            **row._mapping,
            "role_vi": role.vi,
            "role_en": role.en,
            "part_vi": part_vi,
            "part_en": part_en,
            "purpose": row.purpose or f"Công việc của {role.vi}",
            "stated": row.purpose is not None,
            "level_vi": levels()[row.level].vi,
        }
    )
