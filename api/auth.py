"""Logging in and out, and changing the password.

Every failure answers the same in the same time: unknown login, wrong password, locked or cancelled account.
An attempt is counted before the password is looked at, so guessing in parallel gains nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import passwords
from api.scope import Asker, token_hash
from models.database import Scope, transaction
from models.errors import FieldRefusal, RefusedError
from models.tables import SessionRow

FREE_ATTEMPTS = 5
"""Wrong passwords in a row before the account is locked; then 1 minute, doubled each time up to an hour."""

LONGEST_LOCK = 60
"""Minutes."""

_ATTEMPT = text(
    "UPDATE accounts a SET failed_logins = a.failed_logins + 1,"
    " locked_until = CASE WHEN a.failed_logins + 1 >= :free THEN CAST(:now AS timestamptz) + make_interval("
    "mins => least(:longest, power(2, least(a.failed_logins + 1 - :free, 10))::int)) END"
    " WHERE a.login = :login AND (a.locked_until IS NULL OR a.locked_until <= :now)"
    " RETURNING a.id, a.authority_id, a.password_hash"
)
_ENTER = text("SELECT set_config('hoso.login', :login, true)")
_WELCOME = text("UPDATE accounts SET failed_logins = 0, locked_until = NULL WHERE id = :id")
_REHASH = text("UPDATE accounts SET password_hash = :hash WHERE id = :id AND password_hash = :old")
_PRUNE = text("DELETE FROM sessions WHERE account_id = :id AND expires_at <= :now")
_END = text("DELETE FROM sessions WHERE token_hash = :hash")
_END_OTHERS = text("DELETE FROM sessions WHERE account_id = :id AND token_hash <> :hash")
_CHANGE = text(
    "UPDATE accounts SET password_hash = :hash, state = 'active'"
    " WHERE id = :id AND password_hash = :old AND (kind <> 'personal' OR state = 'active')"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session; the token is shown once and never stored."""

    token: str
    expires_at: datetime


async def sign_in(engine: AsyncEngine, login: str, password: str, now: datetime, lasts: timedelta) -> Opened:
    """Open a session.

    Raises:
        RefusedError: ``login-failed``, whatever the reason.
    """
    account = await _attempt(engine, login, now)
    known = account is not None and await passwords.matches(account["password_hash"], password)
    if account is None:
        await passwords.matches(None, password)
    if account is None or not known:
        raise RefusedError.of(
            "login-failed",
            "Tên đăng nhập hoặc mật khẩu không đúng, hoặc tài khoản đang tạm khóa do nhập sai nhiều lần.",
            "The login or the password is wrong, or the account is locked after many attempts.",
        )
    return await _open(engine, account, password, now, lasts)


async def _attempt(engine: AsyncEngine, login: str, now: datetime) -> dict[str, Any] | None:
    """Count an attempt at the account; none where there is no such account or it is locked."""
    if "\0" in login:
        return None
    async with engine.begin() as connection:
        await connection.execute(_ENTER, {"login": login})
        values = {"login": login, "now": now, "free": FREE_ATTEMPTS, "longest": LONGEST_LOCK}
        row = (await connection.execute(_ATTEMPT, values)).mappings().one_or_none()
        return dict(row) if row is not None else None


async def _open(
    engine: AsyncEngine, account: dict[str, Any], password: str, now: datetime, lasts: timedelta
) -> Opened:
    token = secrets.token_urlsafe(32)
    fresh = await passwords.hashed(password) if passwords.outdated(account["password_hash"]) else None
    scope = Scope(account["authority_id"], account=account["id"])
    async with transaction(engine, scope) as connection:
        await connection.execute(_WELCOME, {"id": account["id"]})
        if fresh is not None:
            await connection.execute(
                _REHASH, {"id": account["id"], "hash": fresh, "old": account["password_hash"]}
            )
        await connection.execute(_PRUNE, {"id": account["id"], "now": now})
        await connection.execute(
            insert(SessionRow).values(
                token_hash=token_hash(token),
                authority_id=account["authority_id"],
                account_id=account["id"],
                created_at=now,
                expires_at=now + lasts,
            )
        )
    return Opened(token, now + lasts)


async def sign_out(engine: AsyncEngine, who: Asker) -> None:
    """End this session at once."""
    async with transaction(engine, who.scope) as connection:
        await connection.execute(_END, {"hash": who.token_hash})


async def prepare_change(engine: AsyncEngine, who: Asker, former: str, wanted: str) -> tuple[str, str]:
    """Check a change of password; answers the stored hash and the new one.

    Raises:
        RefusedError: ``login-failed`` when the former password is wrong (counted like an attempt to sign in),
            ``invalid-form`` for a password that may not be one.
    """
    counted = await _attempt(engine, who.login, who.now)
    if not await passwords.matches(counted["password_hash"] if counted else None, former):
        field = FieldRefusal(
            "old_password",
            "Mật khẩu đang dùng",
            "Mật khẩu đang dùng không đúng.",
            "The present password is wrong.",
        )
        raise RefusedError.of("login-failed", field.message_vi, field.message_en, fields=(field,))
    assert counted is not None
    async with transaction(engine, who.scope) as connection:
        await connection.execute(_WELCOME, {"id": who.account_id})
    passwords.judge(wanted, who.login, former)
    return counted["password_hash"], await passwords.hashed(wanted)


async def change(engine: AsyncEngine, who: Asker, old_hash: str, new_hash: str) -> None:
    """Write the new password, unless a personal account waits for its activation; end all other sessions.

    Raises:
        RefusedError: ``in-flight`` when the password was changed meanwhile.
    """
    async with transaction(engine, who.scope) as connection:
        values = {"id": who.account_id, "hash": new_hash, "old": old_hash}
        if (await connection.execute(_CHANGE, values)).rowcount != 1:
            raise RefusedError.of(
                "in-flight", "Mật khẩu vừa được đổi ở nơi khác.", "The password was just changed elsewhere."
            )
        await connection.execute(_END_OTHERS, {"id": who.account_id, "hash": who.token_hash})


async def end_other_sessions(engine: AsyncEngine, who: Asker) -> None:
    """Leave only this session of the account."""
    async with transaction(engine, who.scope) as connection:
        await connection.execute(_END_OTHERS, {"id": who.account_id, "hash": who.token_hash})


def needs_activation(who: Asker) -> UUID | None:
    """The profile whose act a first change of password is: facts change in ``act`` only."""
    return who.profile_id if who.kind == "personal" and who.state == "default_password" else None
