"""The second factor: time-based one-time passwords (RFC 6238), recovery codes, acting only shortly after.

A code is good for its thirty seconds and those before and after, and once: the step it belongs to must be
later than the last one accepted. Recovery codes carry 80 random bits and are used up one by one.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import pyotp
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.scope import Asker, demanded
from models.errors import RefusedError
from models.keys import Sealed
from models.record.tools import Tools
from models.regulations import Policy

STEP = 30
"""Seconds a code is shown for."""
RECOVERY_CODES = 10
FREE_ATTEMPTS = 5
"""Wrong codes in a row before the next one has to wait: 1 minute, doubled each time up to an hour."""

STEP_UP = frozenset(
    {
        "approve",
        "approve_disposal",
        "approve_profile_merge",
        "approve_reorganisation",
        "open_signing",
        "open_list_signing",
        "export_dossier",
        "issue_breach_notice",
        "delegate",
        "agree_delegation",
        "allow_access",
        "approve_list",
        "cut_list",
        "approve_by_list",
        "sign_report",
        "open_report_signing",
        "open_export_signing",
        "release_month",
        "send_back_items",
        "load_law",
        "adopt_law",
        "proclaim_year",
        "decide_code_list",
        "register_certificate",
        "withdraw_certificate",
        "create_account",
        "reset_password",
        "open_agency_account",
        "hand_over_account",
        "issue_password",
        "open_service_account",
        "register_service_key",
        "withdraw_service_key",
        "appoint",
        "relieve",
        "grant_role",
        "restrict_grant",
        "extend_grant",
        "revoke_grant",
        "suspend_account",
        "resume_account",
        "close_account",
        "reset_second_factor",
        "end_sessions",
    }
)
"""Commands that need a recent second factor: approving, signing, taking a file out, law, other people's
access. What only takes a consent or a delegation back does not wait for it."""

_FIND = text(
    "SELECT secret, secret_key, confirmed_at, last_step, locked_until FROM second_factors"
    " WHERE account_id = :account FOR NO KEY UPDATE"
)
_BEGIN = text(
    "INSERT INTO second_factors (account_id, authority_id, secret, secret_key, begun_at)"
    " VALUES (:account, :authority, :secret, :key, :now) ON CONFLICT (account_id) DO UPDATE SET"
    " secret = excluded.secret, secret_key = excluded.secret_key, begun_at = excluded.begun_at,"
    " confirmed_at = NULL, last_step = 0, failed = 0, locked_until = NULL"
)
_CONFIRM = text("UPDATE second_factors SET confirmed_at = :now WHERE account_id = :account")
_STEP_ON = text(
    "UPDATE second_factors SET last_step = :step, failed = 0, locked_until = NULL"
    " WHERE account_id = :account AND last_step < :step"
)
_USE_UP = text(
    "UPDATE recovery_codes SET used_at = :now WHERE account_id = :account AND code_hash = :code"
    " AND used_at IS NULL"
)
_COUNT = text(
    "UPDATE second_factors SET failed = failed + 1, locked_until = CASE WHEN failed + 1 >= :free THEN"
    " CAST(:now AS timestamptz) + make_interval(mins => least(60,"
    " power(2, least(failed + 1 - :free, 10))::int)) END WHERE account_id = :account"
)
_FORGET_CODES = text("DELETE FROM recovery_codes WHERE account_id = :account")
_KEEP_CODE = text(
    "INSERT INTO recovery_codes (code_hash, account_id, authority_id) VALUES (:code, :account, :authority)"
)
_CODES_LEFT = text("SELECT count(*) FROM recovery_codes WHERE account_id = :account AND used_at IS NULL")
_SEEN = text("UPDATE sessions SET second_factor_at = :now WHERE token_hash = :hash")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose second factor it is."""

    account_id: UUID
    authority_id: UUID


def recent(who: Asker, verb: str, policy: Policy, demand: Literal["required", "offered"]) -> None:
    """Refuse a command that needs a recent second factor where the account has or must have one.

    Raises:
        RefusedError: ``second-factor-stale``.
    """
    if verb not in STEP_UP or not (who.second_factor or demanded(who, policy, demand)):
        return
    minutes = policy.accounts.step_up_minutes
    if who.second_factor_at is None or who.now - who.second_factor_at > timedelta(minutes=minutes):
        raise RefusedError.of("second-factor-stale", extra={"minutes": minutes})


async def enrolled(connection: AsyncConnection, account_id: UUID) -> bool:
    """Whether the account has a confirmed second factor."""
    row = (await connection.execute(_FIND, {"account": account_id})).one_or_none()
    return row is not None and row.confirmed_at is not None


async def begin(connection: AsyncConnection, tools: Tools, holder: Holder, now: datetime) -> str:
    """A new secret (base32, 160 bits); of no use until it is confirmed by a code."""
    secret = pyotp.random_base32()
    sealed = tools.cipher.seal(
        holder.authority_id, "second_factors", holder.account_id, "secret", secret.encode()
    )
    row = {"account": holder.account_id, "authority": holder.authority_id, "now": now}
    await connection.execute(_BEGIN, {**row, "secret": sealed.data, "key": sealed.key_id})
    await connection.execute(_FORGET_CODES, {"account": holder.account_id})
    return secret


async def confirm(
    connection: AsyncConnection, tools: Tools, holder: Holder, code: str, now: datetime
) -> Sequence[str] | None:
    """The secret works in the holder's device: it is asked for from now on. Answers the recovery codes.

    None where the code is wrong.
    """
    row = (await connection.execute(_FIND, {"account": holder.account_id})).one_or_none()
    if row is None or row.confirmed_at is not None:
        raise RefusedError.of(
            "wrong-state", "Chưa bắt đầu đăng ký lớp xác thực thứ hai.", "No enrolment was begun."
        )
    if not await _by_device(connection, tools, holder, row, code, now):
        return None
    await connection.execute(_CONFIRM, {"account": holder.account_id, "now": now})
    return await fresh_codes(connection, holder)


async def fresh_codes(connection: AsyncConnection, holder: Holder) -> Sequence[str]:
    """Ten new recovery codes; former ones open nothing any more."""
    codes = [_spoken(pyotp.random_base32(32)[:16].lower()) for _ in range(RECOVERY_CODES)]
    await connection.execute(_FORGET_CODES, {"account": holder.account_id})
    rows = [
        {"code": _code_hash(one), "account": holder.account_id, "authority": holder.authority_id}
        for one in codes
    ]
    await connection.execute(_KEEP_CODE, rows)
    return codes


async def codes_left(connection: AsyncConnection, account_id: UUID) -> int:
    """Recovery codes not used yet."""
    return int(await connection.scalar(_CODES_LEFT, {"account": account_id}) or 0)


async def accepted(
    connection: AsyncConnection, tools: Tools, holder: Holder, code: str, now: datetime
) -> bool:
    """Whether the code is the device's or a recovery code, unused; a wrong one is counted.

    Committed by the caller either way, so that guessing in parallel gains nothing.

    Raises:
        RefusedError: ``rate-limited`` after too many wrong codes.
    """
    row = (await connection.execute(_FIND, {"account": holder.account_id})).one_or_none()
    if row is None or row.confirmed_at is None:
        return False
    if row.locked_until is not None and row.locked_until > now:
        wait = int((row.locked_until - now).total_seconds()) + 1
        raise RefusedError.of("rate-limited", extra={"retry_after": wait})
    if await _by_device(connection, tools, holder, row, code, now):
        return True
    used = {"account": holder.account_id, "code": _code_hash(code), "now": now}
    if (await connection.execute(_USE_UP, used)).rowcount == 1:
        return True
    await connection.execute(_COUNT, {"account": holder.account_id, "now": now, "free": FREE_ATTEMPTS})
    return False


async def seen(connection: AsyncConnection, token_hash: str, now: datetime) -> None:
    """The session has shown the second factor just now."""
    await connection.execute(_SEEN, {"hash": token_hash, "now": now})


async def _by_device(
    connection: AsyncConnection, tools: Tools, holder: Holder, row: Row[Any], code: str, now: datetime
) -> bool:
    sealed = Sealed(row.secret_key, bytes(row.secret))
    secret = tools.cipher.open(holder.authority_id, "second_factors", holder.account_id, "secret", sealed)
    step = _step(secret.decode(), code.strip(), now)
    if step is None:
        return False
    done = await connection.execute(_STEP_ON, {"account": holder.account_id, "step": step})
    return done.rowcount == 1  # 0: this code, or a later one, was accepted before


def _step(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code this is, among the present one and its neighbours."""
    device, present = pyotp.TOTP(secret, interval=STEP), int(now.timestamp()) // STEP
    matching = [
        step
        for step in (present - 1, present, present + 1)
        if hmac.compare_digest(device.generate_otp(step).encode(), code.encode("utf-8", "replace"))
    ]
    return matching[-1] if matching else None


def _spoken(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _code_hash(code: str) -> str:
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return sha256(plain.encode("utf-8", "replace")).hexdigest()
