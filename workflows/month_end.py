"""The end of a month for one authority: wait for the window, open every agency's list, close the month."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from workflows.asking import ACT_RETRY, PATIENT
from workflows.waiting import until

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import ActActivities, MonthActivities
    from models.identifiers import batch_queue, month_end_workflow
    from models.messages import MonthOpened, MonthStart

BATCH_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
LIST_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
"""For what passes by itself, a database that restarts above all. The engine counts every attempt of a long
batch, so a wait by its count must stay short; who waits for somebody says so with a delay of its own."""


@workflow.defn
class MonthEndWorkflow:
    """One month; it starts the next month's before it waits for its own end, so the chain never breaks."""

    @workflow.run
    async def run(self, start: MonthStart) -> int:
        """Sleep to the window, open it, and stay until what is left is carried over."""
        window = await workflow.execute_local_activity_method(
            ActActivities.month_window,
            start,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=ACT_RETRY,
            local_retry_threshold=PATIENT,
            summary=f"Cửa sổ phê duyệt tháng {start.month}",
        )
        workflow.set_current_details(f"Chờ 05 ngày cuối tháng {start.month}")
        await until(window.opens_at, lambda: False, summary=f"Mở cửa sổ tháng {start.month}")
        opened = await self._opened(start)
        while opened.again_at is not None:  # a part of the tree under another regulation, with its own window
            await until(
                opened.again_at, lambda: False, summary=f"Mở cửa sổ tháng {start.month} theo quy chế khác"
            )
            opened = await self._opened(start)
        await self._start_next(MonthStart(authority_id=start.authority_id, month=window.next_month))
        workflow.set_current_details(
            f"Tháng {start.month}: {opened.agencies} cơ quan đang phê duyệt, đồng bộ"
        )
        await until(window.closes_at, lambda: False, summary=f"Kết thúc tháng {start.month}")
        await workflow.execute_activity_method(
            MonthActivities.close_month_end,
            start,
            start_to_close_timeout=timedelta(minutes=10),
            retry_policy=BATCH_RETRY,
            summary=f"Tổng kết tháng {start.month}",
        )
        return opened.agencies

    async def _opened(self, start: MonthStart) -> MonthOpened:
        """Every agency whose window has opened has its list; what was opened before is left as it is."""
        return await workflow.execute_activity_method(
            MonthActivities.open_agency_months,
            start,
            task_queue=batch_queue(workflow.info().task_queue),
            start_to_close_timeout=timedelta(hours=2),
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=LIST_RETRY,
            summary="Chốt danh sách từng cơ quan",
        )

    async def _start_next(self, following: MonthStart) -> None:
        # After a catch-up the next month may run already: that must not end this one.
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                MonthEndWorkflow.run,
                following,
                id=month_end_workflow(following.authority_id, following.month),
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"Cuối tháng {following.month}",
            )
