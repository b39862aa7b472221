"""A move to another agency: the steps of its law up to acceptance, or an end without it."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow

from workflows.living import Living
from workflows.trying import NATIONAL_RETRY
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import NationalActivities
    from models.messages import Moment, Move, NationalStatus

STEPS_VI = {
    "requested": "chờ bước tiếp theo theo quy chế",
    "asked": "cơ quan mới đã đề nghị, chờ chuyển hồ sơ",
    "reported": "chờ bàn giao hồ sơ, tài khoản",
    "handed_over": "chờ cơ quan mới tiếp nhận",
    "closed": "đã kết thúc",
}


@workflow.defn
class TransferWorkflow(Living):
    """One transfer; its facts change in the same act as the profile's."""

    @workflow.init
    def __init__(self, move: Move) -> None:
        super().__init__("transfer", move.transfer_id, move)
        self._move = move

    @workflow.run
    async def run(self, _move: Move) -> str:
        """Wait at each step for its side; remind while it is late."""
        if not await self._exists():
            return "không có việc chuyển hồ sơ"
        await self._stay(
            lambda: self._state != "closed",
            heard=("look", "Xem lại"),
            due=lambda: "Nhắc việc chuyển hồ sơ",
            words=lambda: STEPS_VI.get(self._state, self._state),
        )
        outcome = self._words
        if outcome == "accepted":
            await self._tell_national()
        await everybody_answered()
        return outcome

    async def _tell_national(self) -> None:
        await workflow.execute_activity_method(
            NationalActivities.tell_status,
            NationalStatus(
                authority_id=self._move.authority_id, profile_id=self._move.profile_id, now=workflow.now()
            ),
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=NATIONAL_RETRY,
            summary="Báo đơn vị mới về CSDLQG",
        )

    @workflow.update
    async def ask_for_profile(self, command_id: UUID) -> Moment:
        """The new agency asks for the profile."""
        return await self._do(command_id, "Cơ quan mới đề nghị chuyển hồ sơ")

    @workflow.update
    async def report_transfer(self, command_id: UUID) -> Moment:
        """The old agency reports to the managing authority."""
        return await self._do(command_id, "Báo cáo cơ quan quản lý")

    @workflow.update
    async def hand_over(self, command_id: UUID) -> Moment:
        """Dossier and account are handed over."""
        return await self._do(command_id, "Bàn giao hồ sơ, tài khoản")

    @workflow.update
    async def accept_transfer(self, command_id: UUID) -> Moment:
        """The new agency receives."""
        return await self._do(command_id, "Tiếp nhận")

    @workflow.update
    async def refuse_transfer(self, command_id: UUID) -> Moment:
        """The new agency refuses."""
        return await self._do(command_id, "Từ chối tiếp nhận")

    @workflow.update
    async def withdraw_transfer(self, command_id: UUID) -> Moment:
        """The old agency takes it back."""
        return await self._do(command_id, "Rút đề nghị chuyển")
