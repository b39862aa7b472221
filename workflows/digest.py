"""Each working morning: one message per person from what is still open then (R38)."""

from datetime import timedelta

from temporalio import workflow

from workflows.month_end import BATCH_RETRY
from workflows.waiting import until

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import DigestActivities
    from models.messages import DigestDone, DigestRun, DigestStart

MORNINGS = 30
"""Mornings in one run."""


@workflow.defn
class DigestWorkflow:
    """Sends the authority's digests, working day after working day."""

    def __init__(self) -> None:
        self._done: DigestDone | None = None

    @workflow.run
    async def run(self, start: DigestStart) -> None:
        """Send what is due this morning, if it is one; then sleep to the next."""
        for _ in range(MORNINGS):
            done = await workflow.execute_activity_method(
                DigestActivities.send_digests,
                DigestRun(authority_id=start.authority_id, now=workflow.now()),
                start_to_close_timeout=timedelta(hours=1),
                heartbeat_timeout=timedelta(minutes=5),
                retry_policy=BATCH_RETRY,
                summary="Gửi bản tin buổi sáng",
            )
            self._done = done
            workflow.set_current_details(f"Đã gửi {done.sent}, lỗi {done.failed}")
            await until(done.next_at, lambda: False, summary="08:00 ngày làm việc kế tiếp")
        workflow.continue_as_new(start)

    @workflow.query
    def where(self) -> DigestDone | None:
        """What the last round came to and when the next is; none before the first."""
        return self._done
