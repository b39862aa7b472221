"""Sessions as they are listed: a device, when it was opened and last seen; never a token."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.scope import Asker, Reading
from models.access import Allowed, Target, may
from models.errors import RefusedError


class OpenSession(BaseModel):
    """One session that is open now."""

    id: UUID = Field(title="Phiên")
    device: str | None = Field(title="Thiết bị")
    created_at: datetime = Field(title="Đăng nhập lúc")
    last_seen_at: datetime | None = Field(title="Dùng lần cuối", description="Đến phút / to the minute")
    expires_at: datetime = Field(title="Hết hạn lúc")
    second_factor_at: datetime | None = Field(title="Xác thực lớp thứ hai lúc")
    current: bool = Field(title="Chính phiên này")


_OPEN = text(
    "SELECT id, device, created_at, last_seen_at, expires_at, second_factor_at, token_hash = :hash AS current"
    " FROM sessions WHERE account_id = :account AND expires_at > :now AND (idle_seconds IS NULL"
    " OR last_seen_at IS NULL OR last_seen_at + make_interval(secs => idle_seconds) > :now)"
    " ORDER BY created_at DESC, id"
)
_PLACE = text(
    "SELECT a.profile_id, a.agency_id, array(SELECT c.ancestor_id FROM agency_closure c"
    " WHERE c.descendant_id = a.agency_id AND c.valid_to IS NULL) AS ancestors"
    " FROM accounts a WHERE a.id = :id"
)


async def open_sessions(read: Reading, account_id: UUID) -> list[OpenSession]:
    """The account's sessions, newest first: one's own, or those of an account that one administers.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    if account_id != read.who.account_id:
        await _administered(read, account_id)
    values = {"account": account_id, "hash": read.who.token_hash, "now": read.now}
    rows = await read.connection.execute(_OPEN, values)
    return [OpenSession.model_validate(dict(row._mapping)) for row in rows]


async def _administered(read: Reading, account_id: UUID) -> None:
    row = (await read.connection.execute(_PLACE, {"id": account_id})).one_or_none()
    if row is None:
        raise RefusedError.of("not-found")
    place = Target(row.agency_id, tuple(row.ancestors), profile_id=row.profile_id)
    if not isinstance(may(read.who.actor, "administer", place, read.today), Allowed):
        raise RefusedError.of("not-permitted")


_END = text("DELETE FROM sessions WHERE id = :id AND account_id = :account")


async def end_own(read: Reading, who: Asker, session_id: UUID) -> None:
    """End one of one's own sessions at once.

    Raises:
        RefusedError: ``not-found``.
    """
    values = {"id": session_id, "account": who.account_id}
    if (await read.connection.execute(_END, values)).rowcount != 1:
        raise RefusedError.of("not-found")
