"""The one virtual clock of the demo: advanced to the earliest thing that anybody waits for.

Every timer of every workflow is read from the engine's histories, so profiles, transfers, month ends and the
morning's digest are all stopped at; nothing is skipped over and nothing happens "on the way".
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import text
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
PAUSE = 0.01
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


_RECORDED = text(
    "SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL)"
    " + (SELECT count(*) FROM commands WHERE settled_at IS NULL) AS untold,"
    " (SELECT max(position) FROM events) AS newest,"
    " (SELECT min(at) FROM (SELECT next_wake_at AS at FROM profiles WHERE chapter <> 'archive'"
    " UNION ALL SELECT next_wake_at FROM cases WHERE closed_at IS NULL"
    " UNION ALL SELECT next_wake_at FROM review_reports WHERE state = 'open'"
    " UNION ALL SELECT next_wake_at FROM agency_months WHERE state <> 'closed') AS wakes) AS wake,"
    " (SELECT array_agg(ARRAY[kind, id::text, month]) FROM (SELECT 'profile' AS kind, id, '' AS month"
    " FROM profiles UNION ALL SELECT 'transfer', id, '' FROM cases WHERE kind = 'transfer'"
    " UNION ALL SELECT 'list', agency_id, month FROM agency_months"
    " UNION ALL SELECT 'month', authority_id, month FROM month_ends"
    " UNION ALL SELECT 'review', authority_id, period FROM reviews) AS runs) AS subjects"
)


@dataclass(frozen=True)
class Record:
    """What PostgreSQL knows in one look: how much the engine was not told yet, the newest event's position,
    the next wake, and the subjects whose workflows may run."""

    untold: int = 0
    newest: int = 0
    wake: datetime | None = None
    subjects: tuple[tuple[str, UUID, str], ...] = ()
    """Kind, id and month (or period) of each."""


@dataclass
class VirtualClock:
    """Everybody's now, and the way forward. `alive` raises when a server has died meanwhile."""

    client: Client
    database: AsyncEngine
    alive: Callable[[], None]
    authority: UUID | None = None
    steps: int = 0
    newest: int = 0
    """Position of the newest event on record when all was quiet last."""
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

    async def settle(self) -> datetime | None:
        """Wait until nobody works any more; answers the earliest timer there is.

        Quiet is: the engine had been told everything, then no workflow was at work, and PostgreSQL is since
        then as it was. While it has more to tell, the engine is not asked; while some are known to work,
        only those are looked at.

        Raises:
            StoryError: something is still at work after `PATIENCE` seconds, or a recorded wake has passed.
        """
        began = nudged = time.monotonic()
        busy: list[str] = []
        while True:
            record, now = await asyncio.gather(self._recorded(), self.now())
            long = time.monotonic() - nudged > NUDGE_AFTER
            if not record.untold or long:
                some = busy and not long
                pulses = await self._pulses(busy if some else self._ids(record, now))
                busy = [i for i, p in pulses.items() if _busy(p, now) or p.activities]
                if some and not busy:
                    continue
                still = _at_work(busy, record, now)
                if not still and record == await self._recorded():
                    self.newest = record.newest
                    return min((t for p in pulses.values() for t in p.timers.values()), default=None)
                if time.monotonic() - began > PATIENCE:
                    raise StoryError(f"chưa xong việc / still at work: {', '.join(still)}")
                if long and not any(_busy(p, now) for p in pulses.values()):
                    await self._sleep(timedelta(seconds=15))
                    nudged = time.monotonic()
            self.alive()
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
                if not await self._anybody_works():
                    await service.unlock_time_skipping(UnlockTimeSkippingRequest())
            raise StoryError("đồng hồ ảo không chạy / the virtual clock does not move")
        finally:
            asked.cancel()

    async def _anybody_works(self) -> bool:
        pulses = await self._pulses(self._ids(await self._recorded(), await self.now()))
        return any(p.task or p.activities for p in pulses.values())

    async def _recorded(self) -> Record:
        if self.authority is None:
            return Record()
        async with transaction(self.database, Scope(self.authority, everything=True)) as connection:
            found = (await connection.execute(_RECORDED)).one()
        subjects = tuple((kind, UUID(one), month) for kind, one, month in sorted(found.subjects or ()))
        return Record(found.untold, found.newest or 0, found.wake, subjects)

    async def _pulses(self, ids: list[str]) -> dict[str, Pulse]:
        asked = [i for i in ids if i not in self._ended]
        found = await asyncio.gather(*(self._pulse(one) for one in asked))
        pulses = {i: p for i, p in zip(asked, found, strict=True) if p is not None}
        # Only what can never run again is no longer looked at: a profile starts anew with its next command.
        self._ended |= {i for i, p in pulses.items() if p.closed and not i.startswith("profile/")}
        return {i: p for i, p in pulses.items() if not p.closed}

    def _ids(self, record: Record, now: datetime) -> list[str]:
        """Workflows of the recorded subjects, and those that run by the calendar."""
        if self.authority is None:
            return []
        local = now + timedelta(hours=7)
        months = {f"{local:%Y-%m}", f"{local + timedelta(days=31):%Y-%m}"} | {
            month.removesuffix("-stock") for kind, _, month in record.subjects if kind in ("list", "month")
        }
        reviews = {month for kind, _, month in record.subjects if kind == "review"}
        ids = [digest_workflow(self.authority)]
        ids += [month_end_workflow(self.authority, month) for month in sorted(months)]
        ids += [
            review_workflow(self.authority, one) for one in sorted(reviews | set(periods_of(local.date())))
        ]
        for kind, subject, month in record.subjects:
            if kind == "profile":
                ids.append(profile_workflow(subject))
            elif kind == "transfer":
                ids.append(transfer_workflow(subject))
            elif kind == "list":
                ids.append(agency_month_workflow(subject, month))
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


def _busy(pulse: Pulse, now: datetime) -> bool:
    """Whether the engine itself has something to do for it, without an activity's answer."""
    return pulse.task or any(at <= now for at in pulse.timers.values())


def _at_work(busy: list[str], record: Record, now: datetime) -> list[str]:
    """What is still to be waited for, in words."""
    found = [*busy]
    if record.untold:
        found.append(str(record.untold))
    if not found and record.wake is not None and record.wake <= now:
        found.append(f"next_wake_at {record.wake:%Y-%m-%d %H:%M}")
    return found
