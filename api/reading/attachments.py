"""Files that prove a declared fact: listed with their profile, handed out, shown page by page."""

import asyncio
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.intake.words import FOUND
from api.reading import permits
from api.scope import Reading
from models.documents import DocumentStore, StoreError

Kind = Literal["decision", "certificate", "contract", "identity", "portrait", "confirmed_form", "other"]


class Found(BaseModel):
    """Something in a file that a reader should know, or that was not kept of it."""

    code: str = Field(title="Mã")
    vi: str = Field(title="Nội dung")
    en: str = Field(title="Nội dung (tiếng Anh)")


class Attachment(BaseModel):
    """A file that lies with a profile."""

    sha256: str = Field(title="SHA-256 của tệp")
    size: int = Field(title="Số byte")
    media_type: str = Field(title="Loại tệp")
    kind: str = Field(title="Loại tài liệu")
    uploaded_by: UUID = Field(title="Tài khoản tải lên")
    uploaded_at: datetime = Field(title="Tải lên lúc")
    original_sha256: str | None = Field(default=None, title="SHA-256 của tệp đã gửi")
    original_size: int | None = Field(default=None, title="Số byte của tệp đã gửi")
    width: int | None = Field(default=None, title="Chiều rộng (điểm ảnh)")
    height: int | None = Field(default=None, title="Chiều cao (điểm ảnh)")
    pages: int | None = Field(default=None, title="Số trang")
    turned: bool = Field(default=False, title="Đã xoay ảnh cho đúng chiều")
    removed: list[Found] = Field(default=[], title="Dữ liệu kèm theo ảnh đã bỏ đi")
    findings: list[Found] = Field(default=[], title="Điều cần chú ý trong tệp")
    signatures: int = Field(default=0, title="Số chữ ký trong tệp")
    certified_by: str | None = Field(default=None, title="Cơ quan xác nhận bản giấy")
    certified_on: date | None = Field(default=None, title="Ngày xác nhận")


_COLUMNS = (
    "SELECT sha256, size, media_type, kind, uploaded_by, uploaded_at, original_sha256, original_size, width,"
    " height, pages, turned, removed, findings, signatures, certified_by, certified_on FROM attachments"
)
_ALL = text(f"{_COLUMNS} WHERE profile_id = :id ORDER BY uploaded_at, sha256")
_ROW = text(f"{_COLUMNS} WHERE profile_id = :id AND sha256 = :sha256")
_ONE = text("SELECT sha256, media_type FROM attachments WHERE profile_id = :id AND sha256 = :sha256")


async def listed(read: Reading, profile_id: UUID) -> list[Attachment]:
    """The files that lie with a profile."""
    await permits.profile(read, profile_id)
    return [_told(row) for row in await read.connection.execute(_ALL, {"id": profile_id})]


async def row_of(connection: AsyncConnection, profile_id: UUID, sha256: str) -> Attachment:
    """One of them, for whoever just added it."""
    return _told((await connection.execute(_ROW, {"id": profile_id, "sha256": sha256})).one())


async def one(read: Reading, store: DocumentStore, profile_id: UUID, sha256: str) -> tuple[bytes, str]:
    """A file's bytes and media type.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``field-withheld``: nobody can tell what a scan shows.
    """
    subject = await permits.profile(read, profile_id)
    subject.must_see_whole()
    subject.must_have_content()
    row = (await read.connection.execute(_ONE, {"id": profile_id, "sha256": sha256})).one_or_none()
    if row is None:
        raise permits.missing()
    return await bytes_of(store, read.who.authority_id, sha256), row.media_type


async def bytes_of(store: DocumentStore, authority_id: UUID, sha256: str) -> bytes:
    """The bytes under a hash, checked against it.

    Raises:
        RefusedError: ``not-found``.
        StoreError: ``attachment-damaged``: for the administrator, not for the caller to mend.
    """
    try:
        return await asyncio.to_thread(store.get, authority_id, sha256)
    except StoreError as error:
        if error.code == "attachment-missing":
            raise permits.missing() from error
        raise


def _told(row: Any) -> Attachment:
    values = dict(row._mapping)
    for name in ("removed", "findings"):
        values[name] = [{"code": code, "vi": FOUND[code][0], "en": FOUND[code][1]} for code in values[name]]
    return Attachment.model_validate(values)
