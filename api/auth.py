"""Logging in and out, and changing the password.

Every failure answers the same in the same time: unknown login, wrong password, locked or cancelled account.
An attempt is counted before the password is looked at, so guessing in parallel gains nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import addresses, passwords, second_factor
from api.scope import Asker, token_hash
from models.calendar import legal_date
from models.database import Scope, together, transaction
from models.errors import FieldRefusal, RefusedError
from models.record.law_of import LawOf
from models.record.tools import Tools
from models.tables import SessionRow

FREE_ATTEMPTS = 5
"""Wrong passwords in a row before the account is locked; then 1 minute, doubled each time up to an hour."""

LONGEST_LOCK = 60
"""Minutes."""

_ATTEMPT = text(
    "UPDATE accounts a SET failed_logins = a.failed_logins + 1,"
    " locked_until = CASE WHEN a.failed_logins + 1 >= :free THEN CAST(:now AS timestamptz) + make_interval("
    "mins => least(:longest, power(2, least(a.failed_logins + 1 - :free, 10))::int)) END"
    " WHERE a.login = :login AND a.suspended_at IS NULL"
    " AND (a.locked_until IS NULL OR a.locked_until <= :now)"
    " RETURNING a.id, a.authority_id, a.agency_id, a.password_hash, a.state, a.one_time_until,"
    " a.password_changed_at"
)
_ENTER = text("SELECT set_config('hoso.login', :login, true)")
_WELCOME = text("UPDATE accounts SET failed_logins = 0, locked_until = NULL WHERE id = :id")
_REHASH = text("UPDATE accounts SET password_hash = :hash WHERE id = :id AND password_hash = :old")
_PRUNE = text("DELETE FROM sessions WHERE account_id = :id AND expires_at <= :now")
_END = text("DELETE FROM sessions WHERE token_hash = :hash")
_END_OTHERS = text("DELETE FROM sessions WHERE account_id = :id AND token_hash <> :hash")
_CHANGE = text(
    "UPDATE accounts SET password_hash = :hash, state = 'active', password_changed_at = :now,"
    " one_time_until = NULL"
    " WHERE id = :id AND password_hash = :old AND (kind <> 'personal' OR state = 'active')"
)
_CHOSEN = text("UPDATE sessions SET must_change = false WHERE token_hash = :hash")


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody at the door. ``address`` is hashed (`addresses.hashed`); none where it is not known."""

    login: str
    password: str
    code: str | None = None
    device: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a session lasts, and idles; failed logins an address may have."""

    lasts: timedelta
    idle: timedelta | None = None
    address_attempts: int = 30


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session; the token is shown once and never stored."""

    token: str
    expires_at: datetime


async def sign_in(tools: Tools, entry: Entry, now: datetime, terms: Terms) -> Opened:
    """Open a session.

    Raises:
        RefusedError: ``login-failed``, whatever the reason; ``second-factor-required`` once the password is
            right; ``rate-limited`` for an address or a second factor that has to wait.
    """
    await addresses.count(tools.engine, entry.address, now, terms.address_attempts)
    account = await _attempt(tools.engine, entry.login, now)
    stored = account["password_hash"] if account is not None else None
    known = await passwords.matches(stored, entry.password)
    if account is None or not known or _too_late(account, now):
        raise _failed()
    scope = Scope(account["authority_id"], account=account["id"])
    shown = await _second_factor(tools, scope, entry, now)
    fresh = await passwords.hashed(entry.password) if passwords.outdated(account["password_hash"]) else None
    async with transaction(tools.engine, scope) as connection:
        await addresses.take_back(connection, entry.address)
        if fresh is not None:
            values = {"id": account["id"], "hash": fresh, "old": account["password_hash"]}
            await connection.execute(_REHASH, values)
        aged = await _aged(connection, tools, account, now)
        return await open_session(
            connection, scope, now, terms, device=entry.device, second_factor=shown, must_change=aged
        )


async def open_session(
    connection: AsyncConnection,
    scope: Scope,
    now: datetime,
    terms: Terms,
    *,
    device: str | None = None,
    second_factor: bool = False,
    must_change: bool = False,
) -> Opened:
    """A session of the account of ``scope``, whoever has made sure of who it is; failures are forgotten."""
    assert scope.account is not None
    token = secrets.token_urlsafe(32)
    await connection.execute(_WELCOME, {"id": scope.account})
    await connection.execute(_PRUNE, {"id": scope.account, "now": now})
    await connection.execute(
        insert(SessionRow).values(
            token_hash=token_hash(token),
            authority_id=scope.authority,
            account_id=scope.account,
            created_at=now,
            expires_at=now + terms.lasts,
            device=device,
            last_seen_at=now,
            idle_seconds=int(terms.idle.total_seconds()) if terms.idle is not None else None,
            second_factor_at=now if second_factor else None,
            must_change=must_change,
        )
    )
    return Opened(token, now + terms.lasts)


def _failed() -> RefusedError:
    return RefusedError.of(
        "login-failed",
        "Tên đăng nhập, mật khẩu hoặc mã xác thực không đúng, mật khẩu dùng một lần đã hết hạn,"
        " hoặc tài khoản đang tạm khóa.",
        "The login, the password or the code is wrong, a one-time password has run out, or the account is"
        " locked.",
    )


def _too_late(account: Mapping[str, Any], now: datetime) -> bool:
    """Whether the password is a one-time password that has waited too long."""
    until = account["one_time_until"]
    return account["state"] == "default_password" and until is not None and until <= now


async def _attempt(engine: AsyncEngine, login: str, now: datetime) -> dict[str, Any] | None:
    """Count an attempt at the account; none where there is no such account or it is locked or suspended."""
    if "\0" in login:
        return None
    async with engine.begin() as connection:
        await connection.execute(_ENTER, {"login": login})
        values = {"login": login, "now": now, "free": FREE_ATTEMPTS, "longest": LONGEST_LOCK}
        row = (await connection.execute(_ATTEMPT, values)).mappings().one_or_none()
        return dict(row) if row is not None else None


async def _second_factor(tools: Tools, scope: Scope, entry: Entry, now: datetime) -> bool:
    """Whether a second factor was asked for and shown; committed by itself, so that no code serves twice.

    Raises:
        RefusedError: ``second-factor-required``, ``login-failed``, ``rate-limited``.
    """
    assert scope.account is not None
    holder = second_factor.Holder(scope.account, scope.authority)
    async with transaction(tools.engine, scope) as connection:
        if not await second_factor.enrolled(connection, scope.account):
            return False
        if entry.code is None:
            # The password was right: at the door a second time with the code, the same person counts once.
            await addresses.take_back(connection, entry.address)
            right = False
        else:
            right = await second_factor.accepted(connection, tools, holder, entry.code, now)
    if entry.code is None:
        raise RefusedError.of("second-factor-required")
    if not right:
        raise _failed()
    return True


async def _aged(connection: AsyncConnection, tools: Tools, account: Mapping[str, Any], now: datetime) -> bool:
    """Whether the password has reached the age at which the law's "regularly" is over (moha.art14.4)."""
    changed = account["password_changed_at"]
    if changed is None or account["state"] != "active":
        return False
    today = legal_date(now)
    whose = LawOf.unit(account["authority_id"], account["agency_id"])
    (row,) = (await together(connection, [whose.on(today)]))[0]
    if row.rule_set is None or row.calendar is None:
        return False
    law, _ = await tools.read(connection, account["authority_id"], row)
    due = legal_date(changed) + timedelta(days=tools.policy.accounts.rotation_days)
    return law.slot("password_rotation") is not None and today >= due


async def sign_out(engine: AsyncEngine, who: Asker) -> None:
    """End this session at once."""
    async with transaction(engine, who.scope) as connection:
        await connection.execute(_END, {"hash": who.token_hash})


async def prepare_change(
    engine: AsyncEngine, who: Asker, former: str, wanted: str, breached: Path | None = None
) -> tuple[str, str]:
    """Check a change of password; answers the stored hash and the new one. ``breached``: a list to look in.

    Raises:
        RefusedError: ``login-failed`` when the former password is wrong (counted like an attempt to sign in),
            ``invalid-form`` for a password that may not be one.
    """
    stored = await same_person(engine, who, former, path="old_password")
    passwords.judge(wanted, who.login, former, breached)
    return stored, await passwords.hashed(wanted)


async def same_person(engine: AsyncEngine, who: Asker, password: str, path: str = "password") -> str:
    """Make sure by the password that who has the session is who opened it; answers the stored hash.

    Raises:
        RefusedError: ``login-failed``, counted like an attempt to sign in.
    """
    counted = await _attempt(engine, who.login, who.now)
    stored = counted["password_hash"] if counted is not None else None
    if not await passwords.matches(stored, password):
        field = FieldRefusal(
            path, "Mật khẩu đang dùng", "Mật khẩu đang dùng không đúng.", "The present password is wrong."
        )
        raise RefusedError.of("login-failed", field.message_vi, field.message_en, fields=(field,))
    async with transaction(engine, who.scope) as connection:
        await connection.execute(_WELCOME, {"id": who.account_id})
    return str(stored)


async def change(engine: AsyncEngine, who: Asker, old_hash: str, new_hash: str) -> None:
    """Write the new password, unless a personal account waits for its activation; end all other sessions.

    Raises:
        RefusedError: ``in-flight`` when the password was changed meanwhile.
    """
    async with transaction(engine, who.scope) as connection:
        values = {"id": who.account_id, "hash": new_hash, "old": old_hash, "now": who.now}
        if (await connection.execute(_CHANGE, values)).rowcount != 1:
            raise RefusedError.of(
                "in-flight", "Mật khẩu vừa được đổi ở nơi khác.", "The password was just changed elsewhere."
            )
        await connection.execute(_CHOSEN, {"hash": who.token_hash})
        await connection.execute(_END_OTHERS, {"id": who.account_id, "hash": who.token_hash})


async def end_other_sessions(engine: AsyncEngine, who: Asker) -> None:
    """Leave only this session of the account."""
    async with transaction(engine, who.scope) as connection:
        await connection.execute(_END_OTHERS, {"id": who.account_id, "hash": who.token_hash})


def needs_activation(who: Asker) -> UUID | None:
    """The profile whose act a first change of password is: facts change in ``act`` only."""
    return who.profile_id if who.kind == "personal" and who.state == "default_password" else None
