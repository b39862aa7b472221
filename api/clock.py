"""Where "now" of reads and sessions comes from: the system, or the engine's virtual clock in a demo."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from temporalio.client import Client

from api.engine_away import ENGINE_AWAY
from models.errors import RefusedError

KEPT_SECONDS = 0.05
"""How long an answer of the engine's clock is used again, in seconds of real time."""


class Clock(Protocol):
    """One clock per process; every instant is aware and in UTC."""

    async def now(self) -> datetime:
        """The present instant."""
        ...


class SystemClock:
    """The machine's clock."""

    async def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)


class EngineClock:
    """The test server's clock, so that API, sessions and workflows live in one virtual time."""

    def __init__(self, client: Client) -> None:
        self._ask: Callable[[], Awaitable[datetime]] = lambda: _ask(client)
        self._known: datetime | None = None
        self._asked_at = 0.0

    async def now(self) -> datetime:
        """The engine's instant, asked again after 50 ms.

        Raises:
            RefusedError: ``engine-unavailable``.
        """
        if self._known is None or time.monotonic() - self._asked_at > KEPT_SECONDS:
            self._known = await self._ask()
            self._asked_at = time.monotonic()
        return self._known


async def _ask(client: Client) -> datetime:
    from google.protobuf.empty_pb2 import Empty

    try:
        answer = await client.test_service.get_current_time(Empty())
    except ENGINE_AWAY as error:
        raise RefusedError.of("engine-unavailable") from error
    return answer.time.ToDatetime(tzinfo=UTC)
