"""A breach of personal data: written down, reminded of by the hour, notified, closed."""

import asyncio
from datetime import datetime
from uuid import UUID

from temporalio import workflow

from workflows.asking import ask_act
from workflows.waiting import everybody_answered, later, not_at_once, until

with workflow.unsafe.imports_passed_through():
    from models.lifecycle.breach import CLOSED
    from models.messages import Internal, Moment
    from models.messages_admin import BreachStart


@workflow.defn
class BreachWorkflow:
    """One breach. Its timer runs by the hour; what is due is decided by the facts at every wake."""

    @workflow.init
    def __init__(self, start: BreachStart) -> None:
        self._start = start
        self._moment = start.moment
        self._lock = asyncio.Lock()
        self._moved = False
        self._heard = False
        self._pause: datetime | None = None

    @workflow.run
    async def run(self, _start: BreachStart) -> str:
        """Wait from reminder to reminder until it is closed."""
        if self._moment is None:
            await self._ask("look", "Xem sự cố")
        if not await self._exists():
            return "không có sự cố"
        while self._state != CLOSED:
            assert self._moment is not None
            self._moved = False
            workflow.set_current_details(self._moment.words)
            spoken = await until(
                later(self._moment.next_wake_at, self._pause),
                lambda: self._moved or self._heard or self._is_long(),
                summary="Sự cố dữ liệu cá nhân: nhắc thông báo",
            )
            self._pause = None
            if self._heard or not spoken:
                self._heard = False
                await self._ask("wake", "Sự cố: đến giờ nhắc")
                self._pause = not_at_once(self._moment.next_wake_at)
            if self._is_long() and self._state != CLOSED:
                await self._next_run()
        assert self._moment is not None
        await everybody_answered()
        return self._moment.words

    @workflow.update
    async def record_breach(self, command_id: UUID) -> Moment:
        """It is written down; the clock begins."""
        return await self._do(command_id, "Ghi nhận sự cố")

    @workflow.update
    async def add_to_breach(self, command_id: UUID) -> Moment:
        """More has become known."""
        return await self._do(command_id, "Bổ sung sự việc")

    @workflow.update
    async def notify_breach(self, command_id: UUID) -> Moment:
        """The notification went out."""
        return await self._do(command_id, "Đã gửi thông báo sự cố")

    @workflow.update
    async def close_breach(self, command_id: UUID) -> Moment:
        """The matter is closed."""
        return await self._do(command_id, "Kết thúc sự cố")

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

    async def _exists(self) -> bool:
        """Whether there is such a breach, once everybody who has spoken is answered."""
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
            moment = await ask_act(
                self._start.authority_id,
                "breach",
                self._start.breach_id,
                command_id=command_id,
                summary=summary,
            )
            self._take(moment)
        return moment

    async def _ask(self, internal: Internal, summary: str) -> None:
        async with self._lock:
            self._take(
                await ask_act(
                    self._start.authority_id,
                    "breach",
                    self._start.breach_id,
                    internal=internal,
                    summary=summary,
                )
            )

    def _take(self, moment: Moment) -> None:
        """Believe what an act returned, unless a newer answer came first."""
        if self._moment is None or moment.version >= self._moment.version:
            self._moment = moment.model_copy(update={"status": 200})
            self._moved = True
