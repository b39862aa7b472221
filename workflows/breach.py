"""A breach of personal data: written down, reminded of by the hour, notified, closed."""

import asyncio
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.living import Living
from workflows.trying import SIGN_RETRY, why
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import BreachActivities
    from models.lifecycle.breach import CLOSED
    from models.messages import Moment
    from models.messages_admin import BreachNoticeMade, BreachNoticeRequest, BreachStart


@workflow.defn
class BreachWorkflow(Living):
    """One breach. Its timer runs by the hour; what is due is decided by the facts at every wake."""

    @workflow.init
    def __init__(self, start: BreachStart) -> None:
        super().__init__("breach", start.breach_id, start)
        self._unmade: UUID | None = None
        self._making: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, _start: BreachStart) -> str:
        """Wait from reminder to reminder until it is closed."""
        if not await self._exists():
            return "không có sự cố"
        self._make_unmade()
        reminds = "Sự cố: đến giờ nhắc"
        await self._stay(lambda: self._state != CLOSED, heard=("wake", reminds), due=lambda: reminds)
        await self._all_made()
        return self._words

    def _take(self, moment: Moment) -> None:
        super()._take(moment)
        self._unmade = moment.to_export

    async def _next_run(self) -> None:
        await self._all_made()
        await super()._next_run()

    def _make_unmade(self) -> None:
        """Make the notification that is to be made, beside all else: its key may be away for hours."""
        if self._unmade is not None and self._making is None:
            self._making = asyncio.create_task(self._make(self._unmade))

    async def _make(self, notice_id: UUID) -> None:
        own = self._start.authority_id
        try:
            made = await workflow.execute_activity_method(
                BreachActivities.make_breach_notice,
                BreachNoticeRequest(authority_id=own, notice_id=notice_id, now=workflow.now()),
                start_to_close_timeout=timedelta(seconds=60),
                retry_policy=SIGN_RETRY,
                summary="Lập và ký số thông báo sự cố",
            )
        except ActivityError as error:
            made = BreachNoticeMade(failure=why(error))
        if made.failure:
            words = "Không ký được thông báo sự cố"
            await self._ask("notice_failed", words, notice=str(notice_id), reason=made.failure)
        else:
            words = "Ghi nhận thông báo sự cố đã ký"
            await self._ask("notice_made", words, notice=str(notice_id), document=made.document)
        self._making = None

    async def _all_made(self) -> None:
        """Nobody waits for an answer, and nothing is being made."""
        await everybody_answered()
        while self._making is not None:
            await self._making
            await everybody_answered()

    @workflow.update
    async def record_breach(self, command_id: UUID) -> Moment:
        """It is written down; the clock begins."""
        return await self._do(command_id, "Ghi nhận sự cố")

    @workflow.update
    async def add_to_breach(self, command_id: UUID) -> Moment:
        """More has become known."""
        return await self._do(command_id, "Bổ sung sự việc")

    @workflow.update
    async def issue_breach_notice(self, command_id: UUID) -> Moment:
        """Its notification is to be made and sealed: whoever asks is answered before it is."""
        moment = await self._do(command_id, "Yêu cầu lập thông báo sự cố")
        self._make_unmade()
        return moment

    @workflow.update
    async def notify_breach(self, command_id: UUID) -> Moment:
        """The notification went out."""
        return await self._do(command_id, "Đã gửi thông báo sự cố")

    @workflow.update
    async def close_breach(self, command_id: UUID) -> Moment:
        """The matter is closed."""
        return await self._do(command_id, "Kết thúc sự cố")
