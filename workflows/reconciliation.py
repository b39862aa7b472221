"""What the national database holds compared with ours, once: listed, repaired, over."""

from datetime import timedelta

from temporalio import workflow

from workflows.month_end import BATCH_RETRY

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import NationalActivities
    from models.messages_admin import Reconciled, ReconciliationRun


@workflow.defn
class ReconciliationWorkflow:
    """One comparison. Rows say how far it is: a night of maintenance or a killed worker only interrupt it."""

    @workflow.run
    async def run(self, run: ReconciliationRun) -> Reconciled:
        """Carry it through, however long the other side lets us wait."""
        workflow.set_current_details("Đang đối soát với Cơ sở dữ liệu quốc gia")
        done = await workflow.execute_activity_method(
            NationalActivities.reconcile_national,
            run.model_copy(update={"now": workflow.now()}),
            start_to_close_timeout=timedelta(hours=24),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=BATCH_RETRY,
            summary="Đối soát với Cơ sở dữ liệu quốc gia",
        )
        workflow.set_current_details(
            f"Đã đối soát {done.compared} hồ sơ: {done.different} khác, gửi lại {done.resent},"
            f" {done.proposed} đề nghị"
        )
        return done
