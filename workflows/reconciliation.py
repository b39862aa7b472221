"""What the national database holds compared with ours, once: listed, repaired, over."""

from datetime import timedelta

from temporalio import workflow

from workflows.month_end import BATCH_RETRY

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import NationalActivities
    from models.identifiers import batch_queue
    from models.messages_admin import Reconciled, ReconciliationRun

SHARE = 10
"""Pages after which it goes to the end of the queue of batches: nobody's month waits for all of it."""


@workflow.defn
class ReconciliationWorkflow:
    """One comparison. Rows say how far it is: a night of maintenance or a killed worker only interrupt it."""

    @workflow.run
    async def run(self, run: ReconciliationRun) -> Reconciled:
        """Carry it through, however long the other side lets us wait."""
        workflow.set_current_details("Đang đối soát với Cơ sở dữ liệu quốc gia")
        # Decoding and comparing take a core: not beside what people wait for.
        apart = workflow.patched("2026-11-22-comparing-among-the-batches")
        done = await self._share(run, apart=apart)
        while done.more:
            workflow.set_current_details(f"Đang đối soát với Cơ sở dữ liệu quốc gia: {done.compared} hồ sơ")
            done = await self._share(run, apart=apart)
        workflow.set_current_details(
            f"Đã đối soát {done.compared} hồ sơ: {done.different} khác, gửi lại {done.resent},"
            f" {done.proposed} đề nghị"
        )
        return done

    async def _share(self, run: ReconciliationRun, *, apart: bool) -> Reconciled:
        """Some pages of it; all of it at once as it was before."""
        return await workflow.execute_activity_method(
            NationalActivities.reconcile_national,
            run.model_copy(update={"now": workflow.now(), "most": SHARE if apart else None}),
            task_queue=batch_queue(workflow.info().task_queue) if apart else None,
            start_to_close_timeout=timedelta(hours=24),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=BATCH_RETRY,
            summary="Đối soát với Cơ sở dữ liệu quốc gia",
        )
