"""Failed logins by the network address they came from, so that one place cannot try every account.

An address is kept under a keyed hash (the ring's key, never the address itself), is logged nowhere and is
forgotten after two days. An attempt is counted before the password is looked at, and taken back when it was
right: many people behind one address do not lock each other out, and one right password buys no guesses.
"""

import hmac
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.errors import RefusedError
from models.key_ring import KeyRing, Purpose

LONGEST = 60
"""Minutes an address waits at most; an hour without a failure starts the count again."""

_ENTER = text("SELECT set_config('hoso.address', :address, true)")
_COUNT = text(
    "INSERT INTO login_addresses (address, failed, failed_at) VALUES (:address, 1, :now)"
    " ON CONFLICT (address) DO UPDATE SET failed_at = :now, failed ="
    " CASE WHEN login_addresses.failed_at < CAST(:now AS timestamptz) - interval '1 hour' THEN 1"
    " ELSE login_addresses.failed + 1 END, locked_until ="
    " CASE WHEN login_addresses.failed_at >= CAST(:now AS timestamptz) - interval '1 hour'"
    " AND login_addresses.failed + 1 >= :free THEN CAST(:now AS timestamptz) + make_interval(mins =>"
    " least(:longest, power(2, least(login_addresses.failed + 1 - :free, 10))::int)) END"
    " WHERE login_addresses.locked_until IS NULL OR login_addresses.locked_until <= :now RETURNING 1"
)
_LOCKED = text(
    "SELECT ceil(extract(epoch FROM locked_until - CAST(:now AS timestamptz)))::int"
    " FROM login_addresses WHERE address = :address"
)
_TAKE_BACK = text(
    "UPDATE login_addresses SET failed = greatest(failed - 1, 0), locked_until = NULL"
    " WHERE address = :address"
)


def hashed(ring: KeyRing, address: str) -> str:
    """An address as it is kept: HMAC-SHA-256 under a key of its own use."""
    secret = ring.current(Purpose.BLIND_INDEX).derived(b"login address")
    return hmac.digest(secret, address.encode(), "sha256").hex()


async def count(engine: AsyncEngine, address: str | None, now: datetime, free: int) -> None:
    """Count an attempt from an address (hashed); none where the address is not known.

    Raises:
        RefusedError: ``rate-limited``, with the seconds to wait.
    """
    if address is None:
        return
    async with engine.begin() as connection:
        await connection.execute(_ENTER, {"address": address})
        values = {"address": address, "now": now, "free": free, "longest": LONGEST}
        if await connection.scalar(_COUNT, values) is not None:
            return
        wait = await connection.scalar(_LOCKED, {"address": address, "now": now})
    raise RefusedError.of(
        "rate-limited",
        "Quá nhiều lần đăng nhập sai từ mạng này; đợi rồi thử lại.",
        "Too many failed logins came from this network; wait and try again.",
        extra={"retry_after": max(int(wait or 0), 1)},
    )


async def take_back(connection: AsyncConnection, address: str | None) -> None:
    """The attempt was right: it does not count."""
    if address is not None:
        await connection.execute(_ENTER, {"address": address})
        await connection.execute(_TAKE_BACK, {"address": address})
