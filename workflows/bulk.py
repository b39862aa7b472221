"""One order over many people, share after share, behind nobody's own command."""

from datetime import timedelta

from temporalio import workflow

from workflows.month_end import BATCH_RETRY

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import BulkActivities
    from models.identifiers import batch_queue
    from models.messages_bulk import BulkDone, BulkShare, BulkStart

SHARE = 200
"""Items after which others that wait have their turn; 5,000 items are 25 activities."""


@workflow.defn
class BulkWorkflow:
    """Its items' rows say what is done: begun again, it goes on at exactly the next one."""

    @workflow.run
    async def run(self, start: BulkStart) -> BulkDone:
        """Have share after share carried out until none is left."""
        while True:
            done = await workflow.execute_activity_method(
                BulkActivities.run_bulk,
                BulkShare(
                    authority_id=start.authority_id, order_id=start.order_id, now=workflow.now(), most=SHARE
                ),
                task_queue=batch_queue(workflow.info().task_queue),
                start_to_close_timeout=timedelta(hours=2),
                heartbeat_timeout=timedelta(minutes=2),
                retry_policy=BATCH_RETRY,
                summary="Thực hiện việc hàng loạt",
            )
            workflow.set_current_details(f"Xong {done.done}, từ chối {done.refused}, còn {done.left}")
            if not done.left:
                return done
