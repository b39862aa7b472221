"""Faults on demand. They persist, so that a night of maintenance survives a restart of the emulator."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

from activities.national.emulator.nights import Window, closed_until
from activities.national.emulator.store import Store

__all__ = ["KINDS", "FaultSettings", "Faults"]

# Drawn before the work is done, or after it: the second sort is the hard one.
KINDS = (
    *("time_out", "server_error", "cut"),
    *("done_but_time_out", "done_but_broken", "done_but_failed", "done_but_cut"),
)

Percent = Annotated[int, Field(ge=0, le=100)]
Times = Annotated[int, Field(ge=0, le=100_000)]
Seconds = Annotated[float, Field(ge=0, le=3600)]


class FaultSettings(BaseModel):
    """The switches. `<kind>_next` hits that many calls from now on, `<kind>_percent` a share of all calls."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    refuse_percent: Percent = 0
    time_out_next: Times = 0
    time_out_percent: Percent = 0
    server_error_next: Times = 0
    server_error_percent: Percent = 0
    done_but_time_out_next: Times = 0
    done_but_time_out_percent: Percent = 0
    done_but_broken_next: Times = 0
    done_but_broken_percent: Percent = 0
    done_but_failed_next: Times = 0
    done_but_failed_percent: Percent = 0
    cut_next: Times = 0
    cut_percent: Percent = 0
    done_but_cut_next: Times = 0
    done_but_cut_percent: Percent = 0
    calls_per_second: Times = 0
    withdrawn_codes: list[Annotated[str, Field(pattern=r"^[^=]+=.+$")]] = []
    hang_seconds: Seconds = 90
    slow_seconds: Seconds = 0
    maintenance_until: AwareDatetime | None = None
    maintenance_windows: Annotated[list[Window], Field(max_length=20)] = []
    keys_revoked: bool = False
    token_seconds: Annotated[float, Field(gt=0, le=86400)] = 3600
    lookup_matches: Annotated[int, Field(ge=1, le=9)] = 1
    settle_polls: Times = 2
    settle_seconds: Seconds = 2


class Cut(Response):
    """An answer whose connection ends in the middle of it."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Begin and never end; the server then closes the connection."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"error_code"', "more_body": True})


class Faults:
    """The switches with their memory, and what they do to a call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.now = FaultSettings.model_validate(store.setting("faults", {}))
        self.counts: dict[str, int] = store.setting("fault_counts", {})
        self._second, self._calls = 0, 0

    def change(self, changes: dict[str, Any]) -> FaultSettings:
        """Merge in some switches; pydantic's ValidationError if one is not known or out of range."""
        self.now = FaultSettings.model_validate(self.now.model_dump() | changes)
        self._save(lasting=True)
        return self.now

    def reset(self) -> FaultSettings:
        """Everything works again; what has happened stays counted."""
        return self.change(FaultSettings().model_dump())

    def closed(self) -> Response | None:
        """503 with Retry-After while maintenance lasts."""
        now = datetime.now(UTC)
        until = self.closed_until(now)
        if until is None:
            return None
        self._count("maintenance")
        seconds = -(-(until - now) // timedelta(seconds=1))
        return PlainTextResponse("Hệ thống đang bảo trì", 503, {"Retry-After": str(seconds)})

    def closed_until(self, now: datetime) -> datetime | None:
        """The end of the maintenance that is going on, announced once or by the week; none where none is."""
        return closed_until(self.now.maintenance_windows, self.now.maintenance_until, now)

    def crowded(self) -> Response | None:
        """429 with Retry-After for a call beyond what one second may bring; a switch set to 0 allows all."""
        second, most = int(time.monotonic()), self.now.calls_per_second
        if second != self._second:
            self._second, self._calls = second, 0
        self._calls += 1
        if not most or self._calls <= most:
            return None
        self._count("crowded")
        return PlainTextResponse("Quá nhiều yêu cầu", 429, {"Retry-After": "1"})

    def refuses(self, item_key: str) -> bool:
        """Whether this item falls into the refused share: always the same answer for the same share."""
        refused = _draw(f"item {item_key}") < self.now.refuse_percent
        if refused:
            self._count("refuse")
        return refused

    async def around(self, work: Callable[[], JSONResponse]) -> Response:
        """Do the work of one call with whatever fault its turn draws."""
        kind = self._turn()
        await asyncio.sleep(self.now.slow_seconds)
        if kind == "server_error":
            return PlainTextResponse("Lỗi hệ thống", 500)
        if kind == "time_out":
            return await self._hang()
        if kind == "cut":
            return Cut()
        answer = work()
        if kind == "done_but_time_out":
            return await self._hang()
        if kind == "done_but_failed":
            return PlainTextResponse("Lỗi hệ thống", 500)
        if kind == "done_but_cut":
            return Cut()
        if kind == "done_but_broken":
            return PlainTextResponse("<html><body>Bad Gateway", 200)
        return answer

    async def _hang(self) -> Response:
        await asyncio.sleep(self.now.hang_seconds)
        return PlainTextResponse("Hết thời gian chờ", 504)

    def _turn(self) -> str | None:
        call = self.counts["calls"] = self.counts.get("calls", 0) + 1
        for kind in KINDS:
            left = getattr(self.now, f"{kind}_next")
            if left:
                setattr(self.now, f"{kind}_next", left - 1)
            if left or _draw(f"{kind} {call}") < getattr(self.now, f"{kind}_percent"):
                self._count(kind)
                return kind
        self._save()
        return None

    def _count(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self._save()

    def _save(self, *, lasting: bool = False) -> None:
        self._store.remember("faults", self.now.model_dump(mode="json"), lasting=lasting)
        self._store.remember("fault_counts", self.counts)


def _draw(ticket: str) -> int:
    """0…99, evenly spread and the same in every run."""
    return int.from_bytes(hashlib.sha256(ticket.encode()).digest()[:4]) % 100
