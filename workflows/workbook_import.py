"""A workbook's import: read, judged row by row, written; resumed where it stopped."""

from datetime import timedelta

from temporalio import workflow

from workflows.month_end import BATCH_RETRY

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import ImportActivities
    from models.messages import ImportDone, ImportStart


@workflow.defn
class ImportWorkflow:
    """One import of one workbook."""

    @workflow.run
    async def run(self, start: ImportStart) -> ImportDone:
        """Import as of now."""
        return await workflow.execute_activity_method(
            ImportActivities.import_workbook,
            start.model_copy(update={"now": workflow.now()}),
            start_to_close_timeout=timedelta(hours=2),
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=BATCH_RETRY,
            summary="Nhập dữ liệu từ bảng tính",
        )
