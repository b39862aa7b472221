"""Files that prove a declared fact: kept by content, listed with their profile."""

import asyncio
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import UploadFile
from pydantic import BaseModel, Field
from sqlalchemy import text

from api.reading import permits
from api.scope import Reading
from models.documents import DocumentStore, Stored, StoreError
from models.errors import RefusedError
from models.identifiers import new_id

Kind = Literal["decision", "certificate", "contract", "identity", "portrait", "confirmed_form", "other"]


class Attachment(BaseModel):
    """A file that lies with a profile."""

    sha256: str = Field(title="SHA-256 của tệp")
    size: int = Field(title="Số byte")
    media_type: str = Field(title="Loại tệp")
    kind: str = Field(title="Loại tài liệu")
    uploaded_by: UUID = Field(title="Tài khoản tải lên")
    uploaded_at: datetime = Field(title="Tải lên lúc")


_INSERT = text(
    "INSERT INTO attachments (id, authority_id, profile_id, sha256, size, media_type, kind, uploaded_by,"
    " uploaded_at) VALUES (:id, :authority, :profile, :sha256, :size, :media_type, :kind, :account, :now)"
    " ON CONFLICT (profile_id, sha256) DO NOTHING"
)
_ALL = text(
    "SELECT sha256, size, media_type, kind, uploaded_by, uploaded_at FROM attachments WHERE profile_id = :id"
    " ORDER BY uploaded_at, sha256"
)
_ONE = text("SELECT sha256, media_type FROM attachments WHERE profile_id = :id AND sha256 = :sha256")
_REFUSALS = frozenset({"attachment-empty", "attachment-too-large", "attachment-type", "attachment-missing"})


async def upload(
    read: Reading, store: DocumentStore, profile_id: UUID, file: UploadFile, kind: Kind, largest: int
) -> Attachment:
    """Keep a file with the profile; the same file again is the same attachment.

    Raises:
        RefusedError: ``attachment-empty``, ``attachment-too-large``, ``attachment-type``, ``not-found``,
            ``not-permitted``, ``wrong-state``.
    """
    subject = await permits.profile(read, profile_id, "declare", "give_notice", "create_profile")
    if subject.row.chapter == "archive":
        raise RefusedError.of("wrong-state", "Hồ sơ đã lưu trữ.", "The profile is archived.")
    data = await file.read(largest + 1)
    if len(data) > largest:
        raise RefusedError.of("attachment-too-large", extra={"largest": largest})
    stored = await asyncio.to_thread(_put, store, data, file.content_type or "")
    values: dict[str, Any] = {
        "id": new_id(),
        "authority": read.who.authority_id,
        "profile": profile_id,
        "sha256": stored.sha256,
        "size": stored.size,
        "media_type": stored.media_type,
        "kind": kind,
        "account": read.who.account_id,
        "now": read.now,
    }
    await read.connection.execute(_INSERT, values)
    rows = await read.connection.execute(_ALL, {"id": profile_id})
    return next(Attachment.model_validate(dict(row._mapping)) for row in rows if row.sha256 == stored.sha256)


async def listed(read: Reading, profile_id: UUID) -> list[Attachment]:
    """The files that lie with a profile."""
    await permits.profile(read, profile_id)
    rows = await read.connection.execute(_ALL, {"id": profile_id})
    return [Attachment.model_validate(dict(row._mapping)) for row in rows]


async def one(read: Reading, store: DocumentStore, profile_id: UUID, sha256: str) -> tuple[bytes, str]:
    """A file's bytes and media type.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``, ``field-withheld``: nobody can tell what a scan shows.
    """
    (await permits.profile(read, profile_id)).must_see_whole()
    row = (await read.connection.execute(_ONE, {"id": profile_id, "sha256": sha256})).one_or_none()
    if row is None:
        raise permits.missing()
    return await bytes_of(store, sha256), row.media_type


async def bytes_of(store: DocumentStore, sha256: str) -> bytes:
    """The bytes under a hash, checked against it.

    Raises:
        RefusedError: ``not-found``.
        StoreError: ``attachment-damaged``: for the administrator, not for the caller to mend.
    """
    try:
        return await asyncio.to_thread(store.get, sha256)
    except StoreError as error:
        if error.code == "attachment-missing":
            raise permits.missing() from error
        raise


def _put(store: DocumentStore, data: bytes, declared: str) -> Stored:
    try:
        return store.put(data, declared.partition(";")[0].strip().lower())
    except StoreError as error:
        if error.code in _REFUSALS:
            raise RefusedError.of(error.code) from error
        raise
