"""Uploads that go on where they stopped: how much has come stands in PostgreSQL together with the bytes.

Bytes and offset are written in one transaction, so what was answered as received survives the end of any
process, and any process may go on. The last bytes are never stored here: with them the file is whole, taken
as any other upload is, and only then the upload is done. Whoever does not hear of it sends them again and
finds the same attachment.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha1, sha256
from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import ClientDisconnect

from api.intake.upload import Intake, Told
from api.reading import permits
from models.database import Scope, transaction
from models.errors import RefusedError
from models.identifiers import new_id
from models.keys import Sealed

PIECE = 1024 * 1024
"""Bytes after which what came so far is written down: what an interruption costs at most."""

OPEN_AT_ONCE = 20
"""Unfinished uploads of one account."""

CHECKSUMS = {"sha1": sha1, "sha256": sha256}
"""Algorithms of Upload-Checksum; tus 1.0 demands SHA-1, which here guards against accidents only."""

_COLUMNS = (
    "id, profile_id, length, received, media_type, kind, certified_by, certified_on, sha256, expires_at"
)
# The sender's alone: row-level security shows who may see the whole authority everybody's.
_FIND = text(
    f"SELECT {_COLUMNS} FROM uploads WHERE id = :id AND profile_id = :profile AND account_id = :account"  # noqa: S608 — a constant
)
_COUNT = text("SELECT count(*) FROM uploads WHERE account_id = :account AND sha256 IS NULL")
_INSERT = text(
    "INSERT INTO uploads (id, authority_id, profile_id, account_id, length, received, media_type, kind,"
    " certified_by, certified_on, created_at, expires_at) VALUES (:id, :authority, :profile, :account,"
    " :length, 0, :media_type, :kind, :certified_by, :certified_on, :now, :expires)"
)
_RECEIVED = text("UPDATE uploads SET received = :to WHERE id = :id AND received = :from AND sha256 IS NULL")
_PART = text(
    "INSERT INTO upload_parts (id, authority_id, upload_id, starts_at, sealed, key_id)"
    " VALUES (:id, :authority, :upload, :starts_at, :sealed, :key)"
)
_PARTS = text("SELECT id, sealed, key_id FROM upload_parts WHERE upload_id = :id ORDER BY starts_at")
_DONE = text("UPDATE uploads SET received = length, sha256 = :sha256 WHERE id = :id")
_NO_PARTS = text("DELETE FROM upload_parts WHERE upload_id = :id")
_DELETE = text("DELETE FROM uploads WHERE id = :id")
_EXPIRED = text("DELETE FROM uploads WHERE expires_at <= :now")


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as its row tells; ``sha256`` is the attachment it became."""

    id: UUID
    profile_id: UUID
    length: int
    received: int
    media_type: str
    kind: str
    certified_by: str | None
    certified_on: date | None
    sha256: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the sender says of the bytes of one request."""

    algorithm: str
    digest: bytes

    def fits(self, data: bytes) -> bool:
        """Whether these are the bytes."""
        return compare_digest(CHECKSUMS[self.algorithm](data, usedforsecurity=False).digest(), self.digest)


async def begin(intake: Intake, profile_id: UUID, length: int, told: Told, hours: float) -> Upload:
    """Open an upload of ``length`` bytes.

    Raises:
        RefusedError: as an upload in one piece, as far as it can be known now; ``upload-too-many``.
    """
    told = told.checked(intake.who.today)
    if length > intake.largest:
        raise RefusedError.of("attachment-too-large", extra={"largest": intake.largest})
    if length == 0:
        raise RefusedError.of("attachment-empty")
    await intake.permitted(profile_id)
    now = intake.who.now
    made = Upload(
        new_id(), profile_id, length, 0, told.media_type, told.kind, told.certified_by, told.certified_on,
        None, now + timedelta(hours=hours),
    )  # fmt: skip
    async with transaction(intake.tools.engine, intake.who.scope) as connection:
        await connection.execute(_EXPIRED, {"now": now})
        if (await connection.scalar(_COUNT, {"account": intake.who.account_id}) or 0) >= OPEN_AT_ONCE:
            raise RefusedError.of("upload-too-many", extra={"most": OPEN_AT_ONCE})
        values = {
            "id": made.id, "authority": intake.who.authority_id, "profile": profile_id,
            "account": intake.who.account_id, "length": length, "media_type": told.media_type,
            "kind": told.kind, "certified_by": told.certified_by, "certified_on": told.certified_on,
            "now": now, "expires": made.expires_at,
        }  # fmt: skip
        await connection.execute(_INSERT, values)
    return made


async def find(intake: Intake, profile_id: UUID, upload_id: UUID) -> Upload:
    """An upload of the asker's own.

    Raises:
        RefusedError: ``not-found``, ``upload-expired``.
    """
    named = {"id": upload_id, "profile": profile_id, "account": intake.who.account_id}
    async with transaction(intake.tools.engine, intake.who.scope) as connection:
        found = (await connection.execute(_FIND, named)).one_or_none()
    if found is None:
        raise permits.missing()
    if found.expires_at <= intake.who.now:
        raise RefusedError.of("upload-expired")
    return Upload(*found)


async def drop(intake: Intake, profile_id: UUID, upload_id: UUID) -> None:
    """End an upload and forget its bytes; the attachment it became, if any, stays.

    Raises:
        RefusedError: ``not-found``, ``upload-expired``.
    """
    upload = await find(intake, profile_id, upload_id)
    await _delete(intake, upload)


async def go_on(
    intake: Intake, upload: Upload, offset: int, chunks: AsyncIterator[bytes], checksum: Checksum | None
) -> tuple[int, str | None]:
    """Take the bytes from ``offset`` on; answers how many there are now, and the attachment once it is whole.

    Where the connection breaks, what came is kept, unless a checksum was to tell whether it is sound.

    Raises:
        RefusedError: ``upload-offset`` (another offset is next), ``upload-length`` (more than announced),
            ``upload-checksum``, and for the whole file as `Intake.keep`, which ends the upload.
    """
    if offset != upload.received:
        raise _elsewhere(upload.received)
    waiting = bytearray()
    try:
        async for chunk in chunks:
            waiting += chunk
            if offset + len(waiting) > upload.length:
                raise RefusedError.of("upload-length", extra={"length": upload.length})
            if checksum is None and len(waiting) >= PIECE and offset + len(waiting) < upload.length:
                offset = await _write(intake, upload, offset, bytes(waiting))
                waiting.clear()
    except ClientDisconnect:
        if checksum is None and waiting and offset + len(waiting) < upload.length:
            offset = await _write(intake, upload, offset, bytes(waiting))
        return offset, None
    if checksum is not None and not checksum.fits(bytes(waiting)):
        raise RefusedError.of("upload-checksum")
    if not waiting:
        return offset, upload.sha256
    if offset + len(waiting) < upload.length:
        return await _write(intake, upload, offset, bytes(waiting)), None
    return upload.length, await _finish(intake, upload, offset, bytes(waiting))


async def forget_expired(database: AsyncEngine, authorities: Iterable[UUID], now: datetime) -> int:
    """Delete the uploads nobody finished in time, with their bytes; answers how many."""
    gone = 0
    for authority_id in authorities:
        async with transaction(database, Scope(authority_id, everything=True)) as connection:
            gone += (await connection.execute(_EXPIRED, {"now": now})).rowcount
    return gone


async def _write(intake: Intake, upload: Upload, offset: int, data: bytes) -> int:
    """Store bytes and offset together; answers the next offset."""
    row_id, authority = new_id(), intake.who.authority_id
    sealed = intake.tools.cipher.seal(authority, "upload_parts", row_id, "sealed", data)
    part = {"id": row_id, "authority": authority, "upload": upload.id, "starts_at": offset}
    async with transaction(intake.tools.engine, intake.who.scope) as connection:
        moved = {"id": upload.id, "from": offset, "to": offset + len(data)}
        if (await connection.execute(_RECEIVED, moved)).rowcount != 1:
            raise _elsewhere(None)
        await connection.execute(_PART, {**part, "sealed": sealed.data, "key": sealed.key_id})
    return offset + len(data)


async def _finish(intake: Intake, upload: Upload, offset: int, last: bytes) -> str:
    async with transaction(intake.tools.engine, intake.who.scope) as connection:
        parts = list(await connection.execute(_PARTS, {"id": upload.id}))
    data = b"".join([*(_opened(intake, row) for row in parts), last])
    if len(data) != upload.length:
        raise _elsewhere(None)
    told = Told(upload.media_type, upload.kind, upload.certified_by, upload.certified_on)
    try:
        kept = await intake.keep(upload.profile_id, data, told)
    except RefusedError:
        await _delete(intake, upload)  # the same bytes would be refused again
        raise
    async with transaction(intake.tools.engine, intake.who.scope) as connection:
        await connection.execute(_DONE, {"id": upload.id, "sha256": kept.sha256})
        await connection.execute(_NO_PARTS, {"id": upload.id})
    return kept.sha256


def _opened(intake: Intake, row: Any) -> bytes:
    sealed = Sealed(row.key_id, row.sealed)
    return intake.tools.cipher.open(intake.who.authority_id, "upload_parts", row.id, "sealed", sealed)


async def _delete(intake: Intake, upload: Upload) -> None:
    async with transaction(intake.tools.engine, intake.who.scope) as connection:
        await connection.execute(_DELETE, {"id": upload.id})


def _elsewhere(received: int | None) -> RefusedError:
    return RefusedError.of("upload-offset", extra={} if received is None else {"offset": received})
