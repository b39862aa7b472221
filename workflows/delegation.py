"""A right lent by one person to another: given, agreed to where the law asks, announced, ended."""

from uuid import UUID

from temporalio import workflow

from workflows.living import Living
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.lifecycle.delegation import ENDED
    from models.messages import Lending, Moment


@workflow.defn
class DelegationWorkflow(Living):
    """One delegation. It only tells of time: what the delegation is worth is decided at every act."""

    @workflow.init
    def __init__(self, lending: Lending) -> None:
        super().__init__("delegation", lending.delegation_id, lending)

    @workflow.run
    async def run(self, _lending: Lending) -> str:
        """Wait for the day both are told that it ends, then for its end."""
        if not await self._exists():
            return "không có uỷ quyền"
        # Heard: one of the two has left a post, or the delegation it rests on has ended. Both are a
        # question to the facts, as a fired timer is.
        ends = "Uỷ quyền: đến hạn"
        await self._stay(lambda: self._state != ENDED, heard=("wake", ends), due=lambda: ends)
        await everybody_answered()
        return self._words

    @workflow.update
    async def delegate(self, command_id: UUID) -> Moment:
        """The right is lent."""
        return await self._do(command_id, "Uỷ quyền")

    @workflow.update
    async def agree_delegation(self, command_id: UUID) -> Moment:
        """The department agrees in writing."""
        return await self._do(command_id, "Thống nhất việc uỷ quyền")

    @workflow.update
    async def revoke_delegation(self, command_id: UUID) -> Moment:
        """It is taken back, or given back."""
        return await self._do(command_id, "Chấm dứt uỷ quyền")
