"""How many files one asker has judged in a minute, counted for all API processes together.

An account or an address is kept under a keyed hash, is logged nowhere and is forgotten after a day. The
window is the database's own clock: processes may disagree about the time, and a demonstration's time jumps.
"""

import hmac
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.errors import RefusedError
from models.key_ring import KeyRing, Purpose

WINDOW = 60.0
"""Seconds."""

_ENTER = text("SELECT set_config('hoso.asker', :asker, true)")
# A refused one does not count: the window ends a minute after its first file, whoever keeps asking.
_OVER = "v.begun_at <= clock_timestamp() - make_interval(secs => :window)"
_TAKE = text(
    "INSERT INTO verify_askers AS v (asker, begun_at, taken) VALUES (:asker, clock_timestamp(), 1)"  # noqa: S608 — a fragment
    f" ON CONFLICT (asker) DO UPDATE SET begun_at = CASE WHEN {_OVER} THEN clock_timestamp()"
    f" ELSE v.begun_at END, taken = CASE WHEN {_OVER} THEN 1 ELSE v.taken + 1 END"
    f" WHERE {_OVER} OR v.taken < :per_minute RETURNING 1"
)
_WAIT = text(
    "SELECT ceil(extract(epoch FROM begun_at + make_interval(secs => :window) - clock_timestamp()))::int"
    " FROM verify_askers WHERE asker = :asker"
)


def hashed(ring: KeyRing, who: UUID | str) -> str:
    """An asker as it is kept: HMAC-SHA-256 under a key of its own use."""
    secret = ring.current(Purpose.BLIND_INDEX).derived(b"verify asker")
    return hmac.digest(secret, str(who).encode(), "sha256").hex()


async def take(engine: AsyncEngine, asker: str, per_minute: int) -> None:
    """Count one file of an asker (hashed).

    Raises:
        RefusedError: ``rate-limited``, with the seconds to wait.
    """
    async with engine.begin() as connection:
        await connection.execute(_ENTER, {"asker": asker})
        values = {"asker": asker, "per_minute": per_minute, "window": WINDOW}
        if await connection.scalar(_TAKE, values) is not None:
            return
        wait = await connection.scalar(_WAIT, {"asker": asker, "window": WINDOW})
    raise RefusedError.of("rate-limited", extra={"retry_after": max(int(wait or 0), 1)})
