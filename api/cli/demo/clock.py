"""The one virtual clock of the demo: advanced to the earliest thing that anybody waits for.

Every timer of every workflow is read from the engine's histories, so profiles, transfers, month ends and the
morning's digest are all stopped at; nothing is skipped over and nothing happens "on the way".
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.testservice.v1 import (
    LockTimeSkippingRequest,
    SleepRequest,
    UnlockTimeSkippingRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api.cli.demo.problems import StoryError
from api.clock import KEPT_SECONDS
from models.database import Scope, transaction
from models.identifiers import (
    agency_month_workflow,
    digest_workflow,
    month_end_workflow,
    profile_workflow,
    review_workflow,
    transfer_workflow,
)
from models.lifecycle.review_dates import periods_of

PATIENCE = 20.0
"""Seconds of real time everything has to become quiet after a step."""
NUDGE_AFTER = 0.8
"""Seconds of real time after which an activity that waits for its next attempt gets some virtual time."""
PAUSE = 0.02
STANDS = 1.0
"""Seconds of real time after which a clock that should jump is looked at; a jump takes milliseconds."""

_TASK_OPEN = {EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED}
_TASK_ENDED = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
}
_ACTIVITY_ENDED = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: "activity_task_completed_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: "activity_task_failed_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: "activity_task_timed_out_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: "activity_task_canceled_event_attributes",
}
_TIMER_ENDED = {
    EventType.EVENT_TYPE_TIMER_FIRED: "timer_fired_event_attributes",
    EventType.EVENT_TYPE_TIMER_CANCELED: "timer_canceled_event_attributes",
}
_CLOSED = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
}


@dataclass
class Pulse:
    """What one workflow is doing, read from its history: working, waiting for timers, or ended."""

    task: bool = False
    closed: bool = False
    activities: set[int] = field(default_factory=set)
    timers: dict[str, datetime] = field(default_factory=dict)

    def hear(self, event: HistoryEvent) -> None:
        """Take one event of the history in."""
        kind = event.event_type
        if kind in _TASK_OPEN:
            self.task = True
        elif kind in _TASK_ENDED:
            self.task = False
        elif kind == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            self.activities.add(event.event_id)
        elif kind in _ACTIVITY_ENDED:
            self.activities.discard(getattr(event, _ACTIVITY_ENDED[kind]).scheduled_event_id)
        elif kind == EventType.EVENT_TYPE_TIMER_STARTED:
            started = event.timer_started_event_attributes
            lasts = started.start_to_fire_timeout.ToTimedelta()
            self.timers[started.timer_id] = event.event_time.ToDatetime(tzinfo=UTC) + lasts
        elif kind in _TIMER_ENDED:
            self.timers.pop(getattr(event, _TIMER_ENDED[kind]).timer_id, None)
        elif kind in _CLOSED:
            self.closed = True


_IDS = text(
    "SELECT 'profile' AS kind, id, '' AS month FROM profiles"
    " UNION ALL SELECT 'transfer', id, '' FROM cases WHERE kind = 'transfer'"
    " UNION ALL SELECT 'list', agency_id, month FROM agency_months"
    " UNION ALL SELECT 'month', authority_id, month FROM month_ends"
    " UNION ALL SELECT 'review', authority_id, period FROM reviews"
)
_UNTOLD = text(
    "SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL)"
    " + (SELECT count(*) FROM commands WHERE settled_at IS NULL)"
)
_NEWEST = text("SELECT max(position) FROM events")
_WAKES = text(
    "SELECT min(at) FROM (SELECT next_wake_at AS at FROM profiles WHERE chapter <> 'archive'"
    " UNION ALL SELECT next_wake_at FROM cases WHERE closed_at IS NULL"
    " UNION ALL SELECT next_wake_at FROM review_reports WHERE state = 'open'"
    " UNION ALL SELECT next_wake_at FROM agency_months WHERE state <> 'closed') AS wakes"
)


@dataclass
class VirtualClock:
    """Everybody's now, and the way forward. `alive` raises when a server has died meanwhile."""

    client: Client
    database: AsyncEngine
    alive: Callable[[], None]
    authority: UUID | None = None
    steps: int = 0
    _ended: set[str] = field(default_factory=set)

    async def now(self) -> datetime:
        """The engine's instant."""
        answer = await self.client.test_service.get_current_time(Empty())
        return answer.time.ToDatetime(tzinfo=UTC)

    async def hold(self) -> None:
        """Take the clock: the server begins unlocked and would run ahead to its first timer by itself."""
        await self.client.test_service.lock_time_skipping(LockTimeSkippingRequest())

    async def advance(self, until: datetime, after_each: Callable[[], Awaitable[None]] | None = None) -> None:
        """Go forward wake by wake until the instant has come and all is quiet; ``after_each`` looks around.

        Raises:
            StoryError: something never became quiet, or a wake of PostgreSQL's was not met.
        """
        earliest = await self.settle()
        while (now := await self.now()) < until:
            step = min(until, earliest) if earliest is not None else until
            await self._sleep(max(step - now, timedelta(0)) + timedelta(milliseconds=5))
            self.steps += 1
            earliest = await self.settle()
            if after_each is not None:
                await after_each()
        # The API reads the engine's clock again only after this long: nobody acts by yesterday's date.
        await asyncio.sleep(KEPT_SECONDS * 1.2)

    async def recorded(self) -> int:
        """Position of the newest event on record: whether there is anything new to be told."""
        return int(await self._scalar(_NEWEST) or 0)

    async def settle(self) -> datetime | None:
        """Wait until nobody works any more; answers the earliest timer there is.

        Raises:
            StoryError: something is still at work after `PATIENCE` seconds, or a recorded wake has passed.
        """
        began = nudged = time.monotonic()
        while True:
            pulses = await self._pulses()
            now = await self.now()
            working = [i for i, p in pulses.items() if p.task or any(t <= now for t in p.timers.values())]
            waiting = [i for i, p in pulses.items() if p.activities]
            untold = await self._scalar(_UNTOLD)
            if not working and not waiting and not untold:
                wake = await self._scalar(_WAKES)
                if wake is None or wake > now:
                    return min((t for p in pulses.values() for t in p.timers.values()), default=None)
                waiting = [f"next_wake_at {wake:%Y-%m-%d %H:%M}"]
            self.alive()
            if time.monotonic() - began > PATIENCE:
                raise StoryError(f"chưa xong việc / still at work: {', '.join(working + waiting) or untold}")
            if not working and time.monotonic() - nudged > NUDGE_AFTER:
                await self._sleep(timedelta(seconds=15))
                nudged = time.monotonic()
            await asyncio.sleep(PAUSE)

    async def _sleep(self, lasts: timedelta) -> None:
        """Let virtual time pass.

        The test server keeps its clock locked for ever once an abandoned child ends after its parent (each
        month end is the child of the one before): where nobody works and time stands, we give the lock back.

        Raises:
            StoryError: the clock does not move.
        """
        duration = Duration()
        duration.FromTimedelta(lasts)
        service = self.client.test_service
        asked = asyncio.ensure_future(
            service.unlock_time_skipping_with_sleep(SleepRequest(duration=duration))
        )
        try:
            for _ in range(int(PATIENCE / STANDS)):
                done, _ = await asyncio.wait({asked}, timeout=STANDS)
                if done:
                    await asked
                    return
                self.alive()
                if not any(p.task or p.activities for p in (await self._pulses()).values()):
                    await service.unlock_time_skipping(UnlockTimeSkippingRequest())
            raise StoryError("đồng hồ ảo không chạy / the virtual clock does not move")
        finally:
            asked.cancel()

    async def _scalar(self, query: TextClause) -> Any:
        if self.authority is None:
            return None
        async with transaction(self.database, Scope(self.authority, everything=True)) as connection:
            return await connection.scalar(query)

    async def _pulses(self) -> dict[str, Pulse]:
        ids = [i for i in await self._ids() if i not in self._ended]
        found = await asyncio.gather(*(self._pulse(one) for one in ids))
        pulses = {i: p for i, p in zip(ids, found, strict=True) if p is not None}
        # Only what can never run again is no longer looked at: a profile starts anew with its next command.
        self._ended |= {i for i, p in pulses.items() if p.closed and not i.startswith("profile/")}
        return {i: p for i, p in pulses.items() if not p.closed}

    async def _ids(self) -> list[str]:
        if self.authority is None:
            return []
        async with transaction(self.database, Scope(self.authority, everything=True)) as connection:
            rows = list(await connection.execute(_IDS))
        local = await self.now() + timedelta(hours=7)
        months = {f"{local:%Y-%m}", f"{local + timedelta(days=31):%Y-%m}"} | {
            r.month.removesuffix("-stock") for r in rows if r.kind in ("list", "month")
        }
        reviews = {r.month for r in rows if r.kind == "review"} | set(periods_of(local.date()))
        ids = [digest_workflow(self.authority)]
        ids += [month_end_workflow(self.authority, month) for month in sorted(months)]
        ids += [review_workflow(self.authority, period) for period in sorted(reviews)]
        for row in rows:
            if row.kind == "profile":
                ids.append(profile_workflow(row.id))
            elif row.kind == "transfer":
                ids.append(transfer_workflow(row.id))
            elif row.kind == "list":
                ids.append(agency_month_workflow(row.id, row.month))
        return ids

    async def _pulse(self, workflow_id: str) -> Pulse | None:
        """The pulse of a workflow's present run; none where it has never run."""
        pulse = Pulse()
        try:
            async for event in self.client.get_workflow_handle(workflow_id).fetch_history_events():
                pulse.hear(event)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return pulse
