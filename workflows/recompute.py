"""Law loaded, adopted, proclaimed, the open duties reckoned again whenever it was; a campaign it asks for."""

import asyncio
from datetime import timedelta
from uuid import UUID

from temporalio import workflow

from workflows.asking import ask_act
from workflows.month_end import BATCH_RETRY
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import MonthActivities, RecomputeActivities
    from models.messages import Moment, MonthStart, RecomputeDone, RecomputeStart

CREATED = 201


@workflow.defn
class RecomputeWorkflow:
    """One authority's law in motion. It ends when nothing was loaded since the duties were last reckoned."""

    @workflow.init
    def __init__(self, start: RecomputeStart) -> None:
        self._start = start
        self._heard = False
        self._campaign = False
        self._lists_only = False
        self._lock = asyncio.Lock()

    @workflow.run
    async def run(self, _start: RecomputeStart) -> RecomputeDone:
        """Reckon, and again if something was loaded meanwhile; what began this run is loaded first."""
        await workflow.wait_condition(workflow.all_handlers_finished)
        total = RecomputeDone()
        if self._lists_only and not self._heard:
            await everybody_answered()
            if not self._heard:
                return total
        while True:
            self._heard = False
            if self._campaign:
                self._campaign = False
                await self._open_lists()
            done = await self._reckon()
            total = RecomputeDone(
                seen=total.seen + done.seen,
                moved=total.moved + done.moved,
                unchanged=total.unchanged + done.unchanged,
                kept=done.kept,
            )
            workflow.set_current_details(f"Đã tính lại {total.seen}, dời {total.moved}, giữ {total.kept}")
            await everybody_answered()
            if not self._heard:
                return total

    @workflow.update
    async def load_law(self, command_id: UUID) -> Moment:
        """A regulation is loaded."""
        return await self._do(command_id, "Nạp văn bản quy định")

    @workflow.update
    async def adopt_law(self, command_id: UUID) -> Moment:
        """A document known from reports is adopted."""
        return await self._do(command_id, "Tiếp nhận văn bản")

    @workflow.update
    async def proclaim_year(self, command_id: UUID) -> Moment:
        """A calendar year is proclaimed."""
        return await self._do(command_id, "Công bố lịch")

    @workflow.update
    async def propose_code_list(self, command_id: UUID) -> Moment:
        """A newer version of a code list is handed in."""
        return await self._do(command_id, "Trình phiên bản danh mục", reckons=False)

    @workflow.update
    async def decide_code_list(self, command_id: UUID) -> Moment:
        """It is loaded, or not; forms are measured by it from its day on, no duty is reckoned again."""
        return await self._do(command_id, "Quyết định nạp phiên bản danh mục", reckons=False)

    @workflow.update
    async def open_campaign(self, command_id: UUID) -> Moment:
        """The first approval of the whole stock is opened; its lists follow in the main loop."""
        moment = await self._do(command_id, "Mở đợt phê duyệt lần đầu toàn bộ hồ sơ")
        self._campaign = self._campaign or moment.status == CREATED
        return moment

    @workflow.signal
    def heard(self) -> None:
        """Something was loaded."""
        self._heard = True

    async def _do(self, command_id: UUID, summary: str, *, reckons: bool = True) -> Moment:
        async with self._lock:
            authority = self._start.authority_id
            moment = await ask_act(authority, "law", authority, command_id=command_id, summary=summary)
        self._heard = self._heard or reckons
        self._lists_only = self._lists_only or not reckons
        return moment

    async def _open_lists(self) -> None:
        authority = self._start.authority_id
        await workflow.execute_activity_method(
            MonthActivities.open_stock_lists,
            MonthStart(authority_id=authority, month=f"{workflow.now():%Y-%m}"),
            start_to_close_timeout=timedelta(hours=6),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=BATCH_RETRY,
            summary="Lập danh sách phê duyệt lần đầu của từng cơ quan",
        )

    async def _reckon(self) -> RecomputeDone:
        return await workflow.execute_activity_method(
            RecomputeActivities.recompute_duties,
            self._start.model_copy(update={"now": workflow.now()}),
            start_to_close_timeout=timedelta(hours=6),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=BATCH_RETRY,
            summary="Tính lại các nghĩa vụ đang mở",
        )
