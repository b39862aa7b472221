"""One agency's month: approve the list, submit, await receipts, the department's gate, close."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow

from workflows import signing
from workflows.asking import ask_act
from workflows.month_end import LIST_RETRY
from workflows.waiting import everybody_answered, is_long, later, not_at_once, until

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import MonthActivities
    from models.identifiers import batch_queue
    from models.messages import AgencyMonthStart, Batch, BatchResult, Internal, Moment

LONG = timedelta(hours=6)
SHARES = {"approve": 200, "submit": 1000}
"""Items of one agency after which its batch goes to the end of the queue: a large one starves nobody.

A list that is signed as one is one file and one signature: only what is compared before it goes in shares.
"""
SIGNING, CALLING = timedelta(seconds=60), timedelta(seconds=30)
"""Batches beat beside their work: a dead worker's is soon another's. Typesetting may hold a beat up."""
SUMMARY = {
    "approve": "Lập danh sách, ký phê duyệt",
    "submit": "Gửi gói tin",
    "receipts": "Chờ biên nhận",
    "glance": "Hỏi biên nhận của phần đã gửi",
}


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
        self._pause: datetime | None = None

    @workflow.run
    async def run(self, start: AgencyMonthStart) -> str:
        """Work through what people decide; what nobody decides is chased, then carried over."""
        await self._ask("look", "Mở danh sách tháng")
        assert self._moment is not None
        if self._moment.version == 0:
            await everybody_answered()
            return "không có danh sách"
        while True:
            while self._moment.chapter != "closed":
                await self._next()
                await self._close_if_done()
                if self._is_long():
                    await self._next_run()
            await everybody_answered()
            if not (self._start.reopens and self._heard):
                return self._moment.words
            # Something joined a running list while this run was closing it: nobody else would look.
            self._heard = False
            await self._ask("look", "Xem lại danh sách")
            self._heard = self._heard or self._moment.chapter != "closed"

    async def _next(self) -> None:
        """The next thing: a round of approvals, something to submit, or a reminder."""
        assert self._moment is not None
        workflow.set_current_details(f"Tháng {self._start.month}: {self._moment.words}")
        closes_at = self._start.closes_at
        wake = min(closes_at, later(self._moment.next_wake_at, self._pause) or closes_at)
        spoken = await until(
            wake,
            lambda: self._waiting() is not None or self._heard or self._is_long(),
            summary=f"Nhắc danh sách tháng {self._start.month}",
        )
        self._pause = None
        waiting = self._waiting()
        if waiting is not None:
            await self._approve(waiting)
        elif self._heard:
            self._heard = False
            await self._ask("look", "Xem lại danh sách")
        elif not spoken and workflow.now() < self._start.closes_at:
            await self._ask("wake", "Nhắc phê duyệt")
            self._pause = not_at_once(self._moment.next_wake_at)
        await self._synchronise()

    async def _close_if_done(self) -> None:
        """Close what nothing is left of, or whose time is over; never before a round already accepted."""
        async with self._lock:
            assert self._moment is not None
            over = self._moment.left == 0 or workflow.now() >= self._start.closes_at
            if over and self._waiting() is None and self._moment.chapter != "closed":
                await self._ask_unlocked("close_month", "Kết thúc danh sách tháng")

    def _waiting(self) -> UUID | None:
        """The round to run next: by the rows, so that it is not lost with the engine that heard of it.

        ``_chosen`` has only what was accepted before rounds were rows.
        """
        assert self._moment is not None
        return self._moment.round or (self._chosen[0] if self._chosen else None)

    async def _approve(self, command_id: UUID) -> None:
        self._chosen[:] = [one for one in self._chosen if one != command_id]
        await self._shares("approve", command_id)
        await self._ask("approvals_done", "Xong một lượt phê duyệt", round=str(command_id))

    async def _synchronise(self) -> None:
        """Send what is approved (nothing is no message at all), then wait for what was sent, by any run.

        Where the department approves before anything goes out, it is told first; what it clears is then sent.
        """
        assert self._moment is not None
        # Histories of before hold no count at the gate: they take none of this, and need no patch.
        if self._moment.at_gate:
            await self._ask("gate_opens", "Trình cơ quan quản lý phê duyệt")
        heard = 0
        if self._moment.to_send:
            sent, heard = await self._send()
            if sent.done + heard:
                items = sent.done + heard
                await self._once("submitted", "Đã gửi CSDLQG", tran_code=sent.tran_code, items=items)
            else:
                await self._ask("look", "Xem lại danh sách")
        awaiting = self._moment.awaiting
        if awaiting:
            await self._batch("receipts", None)
        if awaiting or heard:
            await self._once("receipts", "Đã có biên nhận")

    async def _send(self) -> tuple[BatchResult, int]:
        """Send share after share; receipts of what went before are asked for beside the next one.

        What the last share says of the whole, and how many items had their receipts by then.
        """
        result = await self._batch("submit", None)
        heard, code = 0, result.tran_code
        while result.more:
            if not workflow.patched("2026-11-21-receipts-beside-shares"):
                result = await self._batch("submit", None)
                continue
            result, seen = await asyncio.gather(self._batch("submit", None), self._batch("glance", None))
            heard, code = heard + seen.done, result.tran_code or code
        return result.model_copy(update={"tran_code": result.tran_code or code}), heard

    async def _shares(self, kind: str, command_id: UUID | None) -> BatchResult:
        """All of a batch, share after share. The last one's answer tells of the whole."""
        result = await self._batch(kind, command_id)
        while result.more:
            result = await self._batch(kind, command_id)
        return result

    async def _batch(self, kind: str, command_id: UUID | None) -> BatchResult:
        start = self._start
        method = {
            "approve": MonthActivities.approve_batch,
            "submit": MonthActivities.submit_batch,
            "receipts": MonthActivities.await_receipts,
            "glance": MonthActivities.await_receipts,
        }[kind]
        return await workflow.execute_activity_method(
            method,
            Batch(
                authority_id=start.authority_id,
                agency_id=start.agency_id,
                agency_month_id=start.agency_month_id,
                now=workflow.now(),
                command_id=command_id,
                most=SHARES.get(kind),
                glance=kind == "glance",
            ),
            task_queue=batch_queue(workflow.info().task_queue),
            start_to_close_timeout=LONG,
            heartbeat_timeout=SIGNING if kind == "approve" else CALLING,
            retry_policy=LIST_RETRY,
            summary=SUMMARY[kind],
        )

    @workflow.update
    async def approve_list(self, command_id: UUID) -> Moment:
        """The approver chooses what is approved; the signing follows in the main loop."""
        return await self._do(command_id, "Duyệt danh sách")

    @workflow.update
    async def cut_list(self, command_id: UUID) -> Moment:
        """A list is to be frozen and shown; the cutting follows in the main loop, as a round."""
        return await self._do(command_id, "Lập danh sách phê duyệt")

    @workflow.update
    async def approve_by_list(self, command_id: UUID) -> Moment:
        """The approver confirms the list that was shown; its one signature follows in the main loop."""
        return await self._do(command_id, "Duyệt cả danh sách bằng một chữ ký")

    @workflow.update
    async def open_list_signing(self, command_id: UUID) -> Moment:
        """The list that was shown is given out to a key that is elsewhere."""
        return await self._in_session(command_id, "Mở phiên ký danh sách")

    @workflow.update
    async def complete_list_signing(self, command_id: UUID) -> Moment:
        """The list's signature came: judged here, all on the list is approved by the round that follows."""
        return await self._in_session(command_id, "Nhận chữ ký của danh sách")

    @workflow.update
    async def cancel_list_signing(self, command_id: UUID) -> Moment:
        """The signer gives the session up."""
        return await self._do(command_id, "Huỷ phiên ký danh sách")

    @workflow.update
    async def hold_items(self, command_id: UUID) -> Moment:
        """What was approved in error does not go out."""
        return await self._do(command_id, "Giữ lại hồ sơ duyệt nhầm")

    @workflow.update
    async def lift_hold(self, command_id: UUID) -> Moment:
        """What was held goes out after all."""
        return await self._do(command_id, "Thôi giữ hồ sơ")

    @workflow.update
    async def release_month(self, command_id: UUID) -> Moment:
        """The department approves what was sent, or what is to be sent."""
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
            # Under the lock, so that the list cannot close between the answer and the round.
            if moment.status == 202 and moment.rounds is None and command_id not in self._chosen:
                self._chosen.append(command_id)
        return moment

    async def _in_session(self, command_id: UUID, summary: str) -> Moment:
        moment = await self._do(command_id, summary)
        # The lock is free meanwhile: the list's other business goes on.
        if signing.is_session(moment):
            then = await signing.session_work(self._start.authority_id, moment, command_id)
            async with self._lock:
                await self._ask_unlocked(then.internal, then.summary, **then.facts)
                assert self._moment is not None
                moment, self._heard = self._moment, True
        return moment

    async def _once(self, internal: Internal, summary: str, **facts: str | int) -> None:
        """A step whose repetition would be told twice: its key travels with it."""
        await self._ask(internal, summary, **facts, step=str(workflow.uuid4()))

    async def _ask(self, internal: Internal, summary: str, **facts: str | int) -> None:
        async with self._lock:
            await self._ask_unlocked(internal, summary, **facts)

    async def _ask_unlocked(self, internal: Internal, summary: str, **facts: str | int) -> None:
        self._moment = await ask_act(
            self._start.authority_id,
            "agency_month",
            self._start.agency_month_id,
            internal=internal,
            summary=summary,
            facts=dict(facts),
        )

    def _is_long(self) -> bool:
        return is_long(self._start.limit)

    async def _next_run(self) -> None:
        """Begin the next run, which looks first; a round already accepted is done in this one."""
        await everybody_answered()
        if self._waiting() is None:
            workflow.continue_as_new(self._start)
