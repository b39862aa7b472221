"""No more calls than the other side agreed to: each waits for its turn, so that none is answered 429."""

import asyncio
import time
from collections.abc import Awaitable, Callable

__all__ = ["Pace"]


class Pace:
    """Evenly spaced turns, given in the order in which they are asked for.

    Even, not so many at once each second: the other side counts by its own seconds, and the end of one of
    ours and the beginning of the next may be one of theirs. `clock` and `sleep` measure seconds of waiting.
    """

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._apart = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    async def __call__(self, _request: object = None) -> None:
        """Return when it is the caller's turn; as a request hook of the client, before anything is sent."""
        now = self._clock()
        turn = max(now, self._next)
        self._next = turn + self._apart
        if turn > now:
            await self._sleep(turn - now)
