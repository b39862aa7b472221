"""The way of an uploaded file: who may, what it is, what is kept of it, and its row beside its profile.

The database is asked twice, before and after; while the file is looked at, nobody's connection waits.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.intake import sandbox
from api.intake.refusing import FileRefusedError
from api.intake.words import words
from api.reading import permits
from api.reading.attachments import Attachment, row_of
from api.scope import Asker, Reading
from models.database import transaction
from models.documents import DocumentStore, Stored, StoreError, detect, is_heif
from models.errors import RefusedError
from models.identifiers import new_id
from models.record.tools import Tools

_INSERT = text(
    "INSERT INTO attachments (id, authority_id, profile_id, sha256, size, media_type, kind, uploaded_by,"
    " uploaded_at, original_sha256, original_size, width, height, pages, turned, removed, findings,"
    " signatures, certified_by, certified_on) VALUES (:id, :authority, :profile, :sha256, :size, :media_type,"
    " :kind, :account, :now, :original, :original_size, :width, :height, :pages, :turned,"
    " CAST(:removed AS jsonb), CAST(:findings AS jsonb), :signatures, :certified_by, :certified_on)"
    " ON CONFLICT (profile_id, sha256) DO NOTHING"
)
_SAME = text(
    "SELECT sha256 FROM attachments WHERE profile_id = :profile AND (original_sha256 = :original"
    " OR sha256 = :original) ORDER BY uploaded_at LIMIT 1"
)
_REFUSALS = frozenset({"attachment-empty", "attachment-too-large", "attachment-type"})


@dataclass(frozen=True, slots=True)
class Told:
    """What the sender says of a file; ``media_type`` is checked against its bytes.

    ``certified_by`` names the authority that certified the paper, ``certified_on`` the day: a digitised copy
    of a certified document (hanoi.art6.3) has both.
    """

    media_type: str
    kind: str
    certified_by: str | None = None
    certified_on: date | None = None

    def checked(self, today: date) -> "Told":
        """The same, tidied.

        Raises:
            RefusedError: ``malformed-request`` with only one of authority and day, ``future-date``.
        """
        by = " ".join((self.certified_by or "").split()) or None
        if (by is None) != (self.certified_on is None):
            raise RefusedError.of(
                "malformed-request",
                "Bản số hóa có xác nhận cần cả tên cơ quan xác nhận và ngày xác nhận.",
                "A certified copy needs both the authority that certified it and the day.",
            )
        if self.certified_on is not None and self.certified_on > today:
            raise RefusedError.of(
                "future-date", "Ngày xác nhận chưa tới.", "The day of certification lies ahead."
            )
        return Told(self.media_type.partition(";")[0].strip().lower(), self.kind, by, self.certified_on)


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes files for one request; ``largest`` in bytes."""

    who: Asker
    tools: Tools
    store: DocumentStore
    largest: int

    async def permitted(self, profile_id: UUID) -> None:
        """Whether the asker may add files to the profile.

        Raises:
            RefusedError: ``not-found``, ``not-permitted``, ``wrong-state``.
        """
        async with transaction(self.tools.engine, self.who.scope) as connection:
            await self._permitted(connection, profile_id)

    async def keep(self, profile_id: UUID, data: bytes, told: Told) -> Attachment:
        """Keep a file with the profile; the same file again is the same attachment.

        Raises:
            RefusedError: as `permitted`, and ``attachment-…`` for what the file is.
        """
        told = told.checked(self.who.today)
        original = sha256(data).hexdigest()
        async with transaction(self.tools.engine, self.who.scope) as connection:
            await self._permitted(connection, profile_id)
            same = await connection.scalar(_SAME, {"profile": profile_id, "original": original})
            if same is not None:
                return await row_of(connection, profile_id, same)
        self._type(data, told.media_type)
        looked, kept = await self._looked(data, told.media_type)
        stored = await asyncio.to_thread(self._put, kept, told.media_type)
        async with transaction(self.tools.engine, self.who.scope) as connection:
            await self._permitted(connection, profile_id)
            values = self._values(profile_id, stored, told, looked)
            await connection.execute(_INSERT, {**values, "original": original, "original_size": len(data)})
            return await row_of(connection, profile_id, stored.sha256)

    async def _permitted(self, connection: AsyncConnection, profile_id: UUID) -> None:
        read = Reading(self.who, connection, self.tools)
        subject = await permits.profile(read, profile_id, "declare", "give_notice", "create_profile")
        if subject.row.chapter == "archive":
            raise RefusedError.of("wrong-state", "Hồ sơ đã lưu trữ.", "The profile is archived.")

    def _type(self, data: bytes, declared: str) -> None:
        """Refuse early, by the bytes, what no process need look at."""
        if len(data) > self.largest:
            raise RefusedError.of("attachment-too-large", extra={"largest": self.largest})
        if not data:
            raise RefusedError.of("attachment-empty")
        if is_heif(data):
            raise RefusedError.of("attachment-heic")
        if detect(data) != declared:
            raise RefusedError.of("attachment-type")

    async def _looked(self, data: bytes, media_type: str) -> tuple[dict[str, Any], bytes]:
        try:
            looked, cleaned = await sandbox.ask("examine", media_type, data=data)
        except FileRefusedError as error:
            raise refusal(error) from None
        return looked, cleaned or data

    def _put(self, data: bytes, media_type: str) -> Stored:
        try:
            return self.store.put(self.who.authority_id, data, media_type)
        except StoreError as error:
            if error.code in _REFUSALS:
                raise RefusedError.of(error.code) from error
            raise

    def _values(self, profile_id: UUID, stored: Stored, told: Told, looked: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": new_id(),
            "authority": self.who.authority_id,
            "profile": profile_id,
            "sha256": stored.sha256,
            "size": stored.size,
            "media_type": stored.media_type,
            "kind": told.kind,
            "account": self.who.account_id,
            "now": self.who.now,
            "width": looked.get("width"),
            "height": looked.get("height"),
            "pages": looked.get("pages"),
            "turned": looked.get("turned", False),
            "removed": json.dumps(looked.get("removed", [])),
            "findings": json.dumps(looked.get("findings", [])),
            "signatures": looked.get("signatures", 0),
            "certified_by": told.certified_by,
            "certified_on": told.certified_on,
        }


def refusal(error: FileRefusedError) -> RefusedError:
    """The refusal as it is answered, naming what was found in the file."""
    if error.code == "not-found":
        return permits.missing()
    if not error.found:
        return RefusedError.of(error.code)
    return RefusedError.of(
        error.code,
        f"Trong tệp có: {words(error.found)}.",
        f"Found in the file: {words(error.found, english=True)}.",
        extra={"found": " ".join(error.found)},
    )
