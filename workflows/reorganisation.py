"""A reorganisation: planned, approved, waited for until its day, carried out around the moving of people."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow

from workflows.asking import ask_act
from workflows.month_end import BATCH_RETRY
from workflows.waiting import everybody_answered, later, not_at_once, until

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import ReorganisationActivities
    from models.identifiers import batch_queue
    from models.lifecycle.reorganisation import APPROVED, DONE, EXECUTING, WITHDRAWN
    from models.messages import BatchResult, Internal, Moment
    from models.messages_admin import ReorganisationBatch, ReorganisationStart

SHARE = 5000
"""People after whom a batch gives way to others and is asked again."""


@workflow.defn
class ReorganisationWorkflow:
    """One reorganisation. Until its day it waits and answers; on it, what begins, people, what ends."""

    @workflow.init
    def __init__(self, start: ReorganisationStart) -> None:
        self._start = start
        self._moment = start.moment
        self._lock = asyncio.Lock()
        self._moved = False
        self._heard = False
        self._pause: datetime | None = None

    @workflow.run
    async def run(self, _start: ReorganisationStart) -> str:
        """Wait for approval and for the day; carry it out; over when it is done or withdrawn."""
        if self._moment is None:
            await self._ask("look", "Xem phương án sắp xếp")
        if not await self._exists():
            return "không có phương án"
        while self._state not in (DONE, WITHDRAWN):
            assert self._moment is not None
            workflow.set_current_details(self._moment.words)
            if self._state == EXECUTING and self._moment.next_wake_at is None:
                await self._carry_out()
            else:
                await self._wait()
            if self._is_long() and self._state not in (DONE, WITHDRAWN):
                await self._next_run()
        await everybody_answered()
        return self._moment.words if self._moment else ""

    @workflow.update
    async def draft_reorganisation(self, command_id: UUID) -> Moment:
        """A plan is written down."""
        return await self._do(command_id, "Lập phương án sắp xếp")

    @workflow.update
    async def amend_reorganisation(self, command_id: UUID) -> Moment:
        """Another plan in its place."""
        return await self._do(command_id, "Sửa phương án sắp xếp")

    @workflow.update
    async def approve_reorganisation(self, command_id: UUID) -> Moment:
        """It runs on its day."""
        return await self._do(command_id, "Phê duyệt phương án sắp xếp")

    @workflow.update
    async def withdraw_reorganisation(self, command_id: UUID) -> Moment:
        """It will not be."""
        return await self._do(command_id, "Rút phương án sắp xếp")

    @workflow.signal
    def heard(self) -> None:
        """Something changed elsewhere: look again."""
        self._heard = True

    @workflow.query
    def where(self) -> Moment | None:
        """Where it stands."""
        return self._moment

    @property
    def _state(self) -> str:
        return self._moment.chapter if self._moment else ""

    async def _wait(self) -> None:
        """Until its day, until what stopped it is tried again, or until somebody speaks."""
        assert self._moment is not None
        self._moved = False
        spoken = await until(
            later(self._moment.next_wake_at, self._pause),
            lambda: self._moved or self._heard or self._is_long(),
            summary="Sắp xếp tổ chức: ngày hiệu lực",
        )
        self._pause = None
        if spoken and not self._heard:
            return
        self._heard = False
        if self._state == APPROVED:
            await self._ask("wake", "Bắt đầu ngày hiệu lực")
        elif self._state == EXECUTING:
            await self._ask("finish_reorganisation", "Kết thúc sắp xếp")
        else:
            await self._ask("look", "Xem phương án sắp xếp")
        self._pause = not_at_once(self._moment.next_wake_at)

    async def _carry_out(self) -> None:
        """Everybody moves, share after share; then what ends may end, unless somebody came meanwhile."""
        more = True
        while more and not self._is_long():
            moved = await self._move_people()
            more = moved.more
            workflow.set_current_details(f"Đang chuyển người: thêm {moved.done}")
        if not more:
            await self._ask("finish_reorganisation", "Kết thúc sắp xếp")

    async def _move_people(self) -> BatchResult:
        return await workflow.execute_activity_method(
            ReorganisationActivities.move_people,
            ReorganisationBatch(
                authority_id=self._start.authority_id,
                reorganisation_id=self._start.reorganisation_id,
                now=workflow.now(),
                most=SHARE,
            ),
            task_queue=batch_queue(workflow.info().task_queue),
            start_to_close_timeout=timedelta(hours=6),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=BATCH_RETRY,
            summary="Chuyển người theo phương án",
        )

    async def _exists(self) -> bool:
        """Whether there is such a plan, once everybody who has spoken is answered."""
        if self._moment is None or self._moment.version == 0:
            await everybody_answered()
        return self._moment is not None and self._moment.version > 0

    def _is_long(self) -> bool:
        info = workflow.info()
        return info.get_current_history_length() > self._start.limit or info.is_continue_as_new_suggested()

    async def _next_run(self) -> None:
        """Begin the next run with what this one knows; what was heard meanwhile is looked at there."""
        await everybody_answered()
        known = None if self._heard else self._moment
        workflow.continue_as_new(self._start.model_copy(update={"moment": known}))

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        async with self._lock:
            moment = await self._act(summary, command_id=command_id)
            self._take(moment)
        return moment

    async def _ask(self, internal: Internal, summary: str) -> None:
        async with self._lock:
            self._take(await self._act(summary, internal=internal))

    async def _act(
        self, summary: str, *, command_id: UUID | None = None, internal: Internal | None = None
    ) -> Moment:
        return await ask_act(
            self._start.authority_id,
            "reorganisation",
            self._start.reorganisation_id,
            command_id=command_id,
            internal=internal,
            summary=summary,
        )

    def _take(self, moment: Moment) -> None:
        """Believe what an act returned, unless a newer answer came first."""
        if self._moment is None or moment.version >= self._moment.version:
            self._moment = moment.model_copy(update={"status": 200})
            self._moved = True
