"""One slip made and signed, however long the key is away; begun by the act that asked for it."""

from datetime import timedelta

from temporalio import workflow

from workflows.asking import ask_act
from workflows.trying import SIGN_RETRY

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import SlipActivities
    from models.messages_slips import SlipRequest, SlipStart


@workflow.defn
class SlipWorkflow:
    """A transfer or a leaving goes on meanwhile: a slip holds nothing up."""

    @workflow.run
    async def run(self, start: SlipStart) -> str:
        """Have it made, then have it recorded on the profile it belongs to."""
        made = await workflow.execute_activity_method(
            SlipActivities.make_slip,
            SlipRequest(authority_id=start.authority_id, slip_id=start.slip_id, now=workflow.now()),
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=SIGN_RETRY,
            summary="Lập và ký phiếu kèm hồ sơ",
        )
        common = {"slip": str(start.slip_id), "step": str(start.slip_id)}
        if made.failure:
            await ask_act(
                start.authority_id,
                "profile",
                start.profile_id,
                internal="slip_failed",
                summary="Không lập được phiếu",
                facts={**common, "reason": made.failure},
            )
            return "không lập được"
        await ask_act(
            start.authority_id,
            "profile",
            start.profile_id,
            internal="slip_made",
            summary="Ghi nhận phiếu",
            facts={**common, "document": made.document, "unsigned": made.unsigned},
        )
        return "đã lập"
