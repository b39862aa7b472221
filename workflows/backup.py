"""The month's backup of the whole installation, and those ordered meanwhile: taken, judged, recorded."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from workflows.month_end import BATCH_RETRY
from workflows.waiting import everybody_answered, until

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import BackupActivities
    from models.identifiers import backup_workflow
    from models.messages_admin import BackupRun, BackupStart


@workflow.defn
class BackupWorkflow:
    """One month. It starts the next month's before it ends, so the chain never breaks."""

    @workflow.init
    def __init__(self, start: BackupStart) -> None:
        self._start = start
        self._orders: list[UUID] = [start.order] if start.order is not None else []

    @workflow.run
    async def run(self, start: BackupStart) -> int:
        """Sleep to the month's day, or to an order; answers how many were taken."""
        plan = await workflow.execute_activity_method(
            BackupActivities.plan_backup,
            start,
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=BATCH_RETRY,
            summary=f"Lịch sao lưu tháng {start.month}",
        )
        due, taken = plan.due_at, 0
        while due is not None or self._orders:
            workflow.set_current_details(f"Đã sao lưu {taken} lần trong tháng {start.month}")
            ordered = await until(due, lambda: bool(self._orders), summary=f"Sao lưu tháng {start.month}")
            if ordered:
                await self._take(self._orders.pop(0))
            else:
                await self._take(plan.backup_id)
                due = None
            taken += 1
            await everybody_answered()
        await self._start_next(BackupStart(month=plan.next_month))
        return taken

    @workflow.signal
    def order(self, backup_id: UUID) -> None:
        """Somebody wants one now."""
        self._orders.append(backup_id)

    async def _take(self, backup_id: UUID) -> None:
        run = BackupRun(backup_id=backup_id, now=workflow.now())
        for step, words in (
            (BackupActivities.make_backup, "Sao lưu cơ sở dữ liệu và tài liệu"),
            (BackupActivities.check_backup, "Khôi phục thử để kiểm tra"),
            (BackupActivities.record_backup, "Ký biên bản, xoá bản đã quá hạn giữ"),
        ):
            await workflow.execute_activity_method(
                step,
                run,
                start_to_close_timeout=timedelta(hours=12),
                heartbeat_timeout=timedelta(minutes=10),
                retry_policy=BATCH_RETRY,
                summary=words,
            )

    async def _start_next(self, following: BackupStart) -> None:
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                BackupWorkflow.run,
                following,
                id=backup_workflow(following.month),
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"Sao lưu tháng {following.month}",
            )
