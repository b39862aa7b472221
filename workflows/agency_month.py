"""One agency's month: approve the list, submit, await receipts, the department's gate, close."""

import asyncio
from datetime import timedelta
from uuid import UUID

from temporalio import workflow

from workflows.asking import ask_act
from workflows.month_end import BATCH_RETRY
from workflows.waiting import until

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import MonthActivities
    from models.messages import AgencyMonthStart, Batch, BatchResult, Internal, Moment

LONG = timedelta(hours=6)
BEAT = timedelta(minutes=2)


@workflow.defn
class AgencyMonthWorkflow:
    """The list of one agency in one month, until nothing on it is left or the next window opens."""

    @workflow.init
    def __init__(self, start: AgencyMonthStart) -> None:
        self._start = start
        self._moment: Moment | None = None
        self._lock = asyncio.Lock()
        self._chosen: list[UUID] = []
        self._heard = True

    @workflow.run
    async def run(self, start: AgencyMonthStart) -> str:
        """Work through what people decide; what nobody decides is chased, then carried over."""
        await self._ask("look", "Mở danh sách tháng")
        assert self._moment is not None
        while self._moment.chapter != "closed":
            await self._next()
            if self._moment.left == 0 or workflow.now() >= start.closes_at:
                await self._ask("close_month", "Kết thúc danh sách tháng")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._moment.words

    async def _next(self) -> None:
        """The next thing: a round of approvals, something to submit, or a reminder."""
        assert self._moment is not None
        workflow.set_current_details(f"Tháng {self._start.month}: {self._moment.words}")
        wake = min(self._start.closes_at, self._moment.next_wake_at or self._start.closes_at)
        spoken = await until(
            wake,
            lambda: bool(self._chosen) or self._heard,
            summary=f"Nhắc danh sách tháng {self._start.month}",
        )
        if self._chosen:
            await self._approve(self._chosen.pop(0))
        elif self._heard:
            self._heard = False
            await self._ask("look", "Xem lại danh sách")
        elif not spoken and workflow.now() < self._start.closes_at:
            await self._ask("wake", "Nhắc phê duyệt")
        await self._synchronise()

    async def _approve(self, command_id: UUID) -> None:
        await self._batch("approve", command_id)
        await self._ask("approvals_done", "Xong một lượt phê duyệt")

    async def _synchronise(self) -> None:
        """Send what is approved; nothing to send is no message at all."""
        sent = await self._batch("submit", None) if self._moment and self._moment.to_send else BatchResult()
        if not sent.done:
            return
        await self._ask("submitted", "Đã gửi CSDLQG", tran_code=sent.tran_code, items=sent.done)
        await self._batch("receipts", None)
        await self._ask("receipts", "Đã có biên nhận")

    async def _batch(self, kind: str, command_id: UUID | None) -> BatchResult:
        start = self._start
        method = {
            "approve": MonthActivities.approve_batch,
            "submit": MonthActivities.submit_batch,
            "receipts": MonthActivities.await_receipts,
        }[kind]
        return await workflow.execute_activity_method(
            method,
            Batch(
                authority_id=start.authority_id,
                agency_id=start.agency_id,
                agency_month_id=start.agency_month_id,
                now=workflow.now(),
                command_id=command_id,
            ),
            start_to_close_timeout=LONG,
            heartbeat_timeout=BEAT,
            retry_policy=BATCH_RETRY,
            summary={"approve": "Ký từng hồ sơ", "submit": "Gửi gói tin", "receipts": "Chờ biên nhận"}[kind],
        )

    @workflow.update
    async def approve_list(self, command_id: UUID) -> Moment:
        """The approver chooses what is approved; the signing follows in the main loop."""
        moment = await self._do(command_id, "Duyệt danh sách")
        if moment.status == 202:
            self._chosen.append(command_id)
        return moment

    @workflow.update
    async def release_month(self, command_id: UUID) -> Moment:
        """The department approves what was sent."""
        return await self._do(command_id, "Sở Nội vụ phê duyệt")

    @workflow.update
    async def send_back_items(self, command_id: UUID) -> Moment:
        """The department sends items back."""
        return await self._do(command_id, "Sở Nội vụ trả lại")

    @workflow.signal
    def heard(self) -> None:
        """A profile on the list was approved or moved."""
        self._heard = True

    @workflow.query
    def where(self) -> Moment | None:
        """Where the list stands."""
        return self._moment

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        async with self._lock:
            moment = await ask_act(
                self._start.authority_id,
                "agency_month",
                self._start.agency_month_id,
                command_id=command_id,
                summary=summary,
            )
            self._moment = moment
            self._heard = True
        return moment

    async def _ask(self, internal: Internal, summary: str, **facts: str | int) -> None:
        async with self._lock:
            self._moment = await ask_act(
                self._start.authority_id,
                "agency_month",
                self._start.agency_month_id,
                internal=internal,
                summary=summary,
                facts=dict(facts),
            )
