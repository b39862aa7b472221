"""A move to another agency: the steps of its law up to acceptance, or an end without it."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow

from workflows.asking import ask_act
from workflows.trying import NATIONAL_RETRY
from workflows.waiting import everybody_answered, later, not_at_once, until

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import NationalActivities
    from models.messages import Moment, Move, NationalStatus

STEPS_VI = {
    "requested": "chờ bước tiếp theo theo quy chế",
    "asked": "cơ quan mới đã đề nghị, chờ chuyển hồ sơ",
    "reported": "chờ bàn giao hồ sơ, tài khoản",
    "handed_over": "chờ cơ quan mới tiếp nhận",
    "closed": "đã kết thúc",
}


@workflow.defn
class TransferWorkflow:
    """One transfer; its facts change in the same act as the profile's."""

    @workflow.init
    def __init__(self, move: Move) -> None:
        self._move = move
        self._moment = move.moment
        self._lock = asyncio.Lock()
        self._moved = False
        self._heard = False
        self._pause: datetime | None = None

    @workflow.run
    async def run(self, _move: Move) -> str:
        """Wait at each step for its side; remind while it is late."""
        if self._moment is None:
            await self._ask("look")
        if not await self._exists():
            return "không có việc chuyển hồ sơ"
        while self._step != "closed":
            assert self._moment is not None
            self._moved = False
            words = STEPS_VI.get(self._step, self._step)
            workflow.set_current_details(words)
            spoken = await until(
                later(self._moment.next_wake_at, self._pause),
                lambda: self._moved or self._heard or self._is_long(),
                summary=words,
            )
            self._pause = None
            if self._heard:
                self._heard = False
                await self._ask("look")
            elif not spoken:
                await self._ask("wake")
                self._pause = not_at_once(self._moment.next_wake_at)
            if self._is_long() and self._step != "closed":
                await self._next_run()
        assert self._moment is not None
        outcome = self._moment.words
        if outcome == "accepted":
            await self._tell_national()
        await everybody_answered()
        return outcome

    async def _exists(self) -> bool:
        """Whether there is such a transfer, once everybody who has spoken is answered."""
        if self._moment is None or self._moment.version == 0:
            await everybody_answered()
        return self._moment is not None and self._moment.version > 0

    def _is_long(self) -> bool:
        info = workflow.info()
        return info.get_current_history_length() > self._move.limit or info.is_continue_as_new_suggested()

    async def _next_run(self) -> None:
        """Begin the next run with what this one knows; what was heard meanwhile is looked at there."""
        await everybody_answered()
        known = None if self._heard else self._moment
        workflow.continue_as_new(self._move.model_copy(update={"moment": known}))

    async def _tell_national(self) -> None:
        await workflow.execute_activity_method(
            NationalActivities.tell_status,
            NationalStatus(
                authority_id=self._move.authority_id, profile_id=self._move.profile_id, now=workflow.now()
            ),
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=NATIONAL_RETRY,
            summary="Báo đơn vị mới về CSDLQG",
        )

    @workflow.update
    async def ask_for_profile(self, command_id: UUID) -> Moment:
        """The new agency asks for the profile."""
        return await self._do(command_id, "Cơ quan mới đề nghị chuyển hồ sơ")

    @workflow.update
    async def report_transfer(self, command_id: UUID) -> Moment:
        """The old agency reports to the managing authority."""
        return await self._do(command_id, "Báo cáo cơ quan quản lý")

    @workflow.update
    async def hand_over(self, command_id: UUID) -> Moment:
        """Dossier and account are handed over."""
        return await self._do(command_id, "Bàn giao hồ sơ, tài khoản")

    @workflow.update
    async def accept_transfer(self, command_id: UUID) -> Moment:
        """The new agency receives."""
        return await self._do(command_id, "Tiếp nhận")

    @workflow.update
    async def refuse_transfer(self, command_id: UUID) -> Moment:
        """The new agency refuses."""
        return await self._do(command_id, "Từ chối tiếp nhận")

    @workflow.update
    async def withdraw_transfer(self, command_id: UUID) -> Moment:
        """The old agency takes it back."""
        return await self._do(command_id, "Rút đề nghị chuyển")

    @workflow.signal
    def heard(self) -> None:
        """Something changed: look again."""
        self._heard = True

    @workflow.query
    def where(self) -> Moment | None:
        """At which step the transfer stands."""
        return self._moment

    @property
    def _step(self) -> str:
        return self._moment.chapter if self._moment else "requested"

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        async with self._lock:
            moment = await ask_act(
                self._move.authority_id,
                "transfer",
                self._move.transfer_id,
                command_id=command_id,
                summary=summary,
            )
            self._take(moment)
        return moment

    async def _ask(self, internal: str) -> None:
        async with self._lock:
            self._take(
                await ask_act(
                    self._move.authority_id,
                    "transfer",
                    self._move.transfer_id,
                    internal="wake" if internal == "wake" else "look",
                    summary="Nhắc việc chuyển hồ sơ" if internal == "wake" else "Xem lại",
                )
            )

    def _take(self, moment: Moment) -> None:
        """Believe what an act returned, unless a newer answer came first."""
        if self._moment is None or moment.version >= self._moment.version:
            self._moment = moment.model_copy(update={"status": 200})
            self._moved = True
