"""The archive's timestamps renewed before they end; started by ``hoso reconcile`` each night and by hand."""

from datetime import timedelta

from temporalio import workflow

from workflows.month_end import BATCH_RETRY

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import RenewalActivities
    from models.messages import RenewalDone, RenewalStart


@workflow.defn
class RenewalWorkflow:
    """One authority's files of level B-LTA: those whose newest timestamp soon proves no more."""

    @workflow.run
    async def run(self, start: RenewalStart) -> RenewalDone:
        """Renew what is due; tried again without end while the timestamp authority is away."""
        done = await workflow.execute_activity_method(
            RenewalActivities.renew_archive,
            start.model_copy(update={"now": workflow.now()}),
            start_to_close_timeout=timedelta(hours=6),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=BATCH_RETRY,
            summary="Gia hạn dấu thời gian lưu trữ",
        )
        workflow.set_current_details(f"Đã gia hạn {done.renewed}, không được {done.failed}")
        return done
