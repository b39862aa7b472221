"""How much one account or one address may ask in a minute, counted by each API process for itself.

Two processes behind a proxy allow twice the figure: these limits keep one caller from crowding out others.
What must hold across processes (wrong passwords, by account and by address) is counted in PostgreSQL
(`auth`, `addresses`).
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil
from threading import Lock
from time import monotonic

from starlette.datastructures import State

WINDOW = 60.0
"""Seconds."""

REMEMBERED = 16_384
"""Callers remembered; the one not heard of for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to a caller; ``reset`` is the seconds until the whole quota is there again."""

    limit: int
    remaining: int
    reset: int
    refused: bool

    def headers(self) -> dict[str, str]:
        """``RateLimit-*`` of draft-ietf-httpapi-ratelimit-headers-07."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class Rates:
    """One window of a minute per caller, begun by the caller's first request."""

    def __init__(self) -> None:
        self._heard: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def take(self, caller: Hashable, per_minute: int) -> Left:
        """Count one request; a refused one does not count."""
        now = monotonic()
        with self._lock:
            begun, taken = self._heard.pop(caller, (now, 0))
            if now - begun >= WINDOW:
                begun, taken = now, 0
            refused = taken >= per_minute
            taken += not refused
            self._heard[caller] = (begun, taken)
            while len(self._heard) > REMEMBERED:
                self._heard.popitem(last=False)
        return Left(per_minute, per_minute - taken, max(1, ceil(begun + WINDOW - now)), refused)


def rates_of(state: State) -> Rates:
    """The process's counts."""
    if not hasattr(state, "rates"):
        state.rates = Rates()
    found: Rates = state.rates
    return found
