"""Slips that travel with a dossier: what was handed over, to whom, and the signed paper that proves it."""

from contextlib import suppress
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import TextClause, text

from api.reading import permits, read_log
from api.scope import Reading
from models.access import Allowed
from models.errors import RefusedError

KIND_VI = {
    "hand_over": "Phiếu chuyển hồ sơ: bên giao đã ký",
    "receipt": "Phiếu chuyển hồ sơ: bên nhận đã ký",
    "end_of_management": "Phiếu thôi quản lý hồ sơ",
    "disposal": "Biên bản hủy hồ sơ hết thời hạn lưu trữ",
}


class SlipLine(BaseModel):
    """One slip of a transfer, of a leaving or of a disposal."""

    id: UUID = Field(title="Phiếu")
    case_id: UUID = Field(title="Việc chuyển, thôi công tác hoặc hủy hồ sơ")
    profile_id: UUID = Field(title="Hồ sơ")
    kind: Literal["hand_over", "receipt", "end_of_management", "disposal"] = Field(title="Loại phiếu")
    kind_vi: str = Field(title="Loại phiếu bằng lời")
    agency_id: UUID = Field(title="Cơ quan lập")
    agency: str = Field(title="Tên cơ quan lập")
    state: Literal["making", "made", "failed"] = Field(title="Trạng thái")
    signed: bool = Field(title="Có chữ ký số", description="Không: khóa của cơ quan không ở hệ thống")
    reason: str | None = Field(title="Vì sao không ký, không lập được")
    citation: str | None = Field(title="Căn cứ")
    policy: bool = Field(title="Chữ ký là chính sách của hệ thống, văn bản không nêu")
    asked_at: datetime = Field(title="Yêu cầu lúc")
    made_at: datetime | None = Field(title="Lập xong lúc")
    document_sha256: str | None = Field(title="Tệp", description="Lấy ở /documents/{sha256}")


_COLUMNS = (
    "SELECT s.*, g.name AS agency, s.certificate IS NOT NULL AS signed, s.failure AS reason,"
    " s.signature = 'none_stated' AS policy FROM slips s JOIN agencies g ON g.id = s.agency_id"
)
_OF_CASE = text(f"{_COLUMNS} WHERE s.case_id = :id ORDER BY s.asked_at, s.id")
_OF_PROFILE = text(f"{_COLUMNS} WHERE s.profile_id = :id ORDER BY s.asked_at, s.id")
_CASE = text("SELECT 1 FROM cases WHERE id = :id AND kind = 'transfer'")
# Both sides of a transfer keep its papers; the receiving one has them from the hand-over on.
_CARRIES = text(
    "SELECT s.profile_id, CASE WHEN k.kind = 'transfer' THEN k.from_agency_id END AS gave,"
    " CASE WHEN k.kind = 'transfer' AND k.state IN ('handed_over', 'accepted') THEN k.to_agency_id END AS got"
    " FROM slips s JOIN cases k ON k.id = s.case_id WHERE s.document_sha256 = :sha256 AND s.state = 'made'"
    " LIMIT 1"
)


async def of_transfer(read: Reading, case_id: UUID) -> list[SlipLine]:
    """The slips of a transfer, for both sides of it.

    Raises:
        RefusedError: ``not-found``.
    """
    if await read.connection.scalar(_CASE, {"id": case_id}) is None:
        raise permits.missing()
    return await _lines(read, _OF_CASE, case_id)


async def of_profile(read: Reading, profile_id: UUID) -> list[SlipLine]:
    """All slips of a dossier, the oldest first. Raises RefusedError ``not-found`` or ``not-permitted``."""
    await permits.profile(read, profile_id)
    return await _lines(read, _OF_PROFILE, profile_id)


async def may_read_slip(read: Reading, sha256: str) -> bool:
    """Whether this file is a slip that the asker may read: by the file it is about, or as a side of the
    transfer, also afterwards. It prints the name and the staff number, so the right to read files is asked,
    and the read is recorded.

    Raises:
        RefusedError: ``not-permitted`` and the like, ``purpose-required``.
    """
    row = (await read.connection.execute(_CARRIES, {"sha256": sha256})).one_or_none()
    if row is None:
        return False
    verdict = await _judged(read, row)
    if not read.who.is_about(row.profile_id):
        await read_log.record(read, row.profile_id, verdict)
    return True


async def _judged(read: Reading, slip: Any) -> Allowed:
    """The right by which the asker reads a slip.

    Raises:
        RefusedError: ``not-found``, ``not-permitted`` and the like.
    """
    try:
        about = await permits.row_of(read, slip.profile_id)
        return await permits.judged(read, about, ("read_own", "read_profile"))
    except RefusedError:
        for agency_id in filter(None, (slip.gave, slip.got)):
            with suppress(RefusedError):
                return await permits.at(read, "read_profile", agency_id, about=slip.profile_id)
        raise


async def _lines(read: Reading, query: TextClause, subject: UUID) -> list[SlipLine]:
    rows = await read.connection.execute(query, {"id": subject})
    return [SlipLine.model_validate({**row._mapping, "kind_vi": KIND_VI[row.kind]}) for row in rows]
