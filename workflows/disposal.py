"""The profile's updates about the end of an archived file: two people say it, no timer does."""

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import Moment


class DisposalUpdates:
    """Updates of the profile's workflow, kept beside it."""

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        raise NotImplementedError

    @workflow.update
    async def place_hold(self, command_id: UUID) -> Moment:
        """Nothing of the file may be disposed of."""
        return await self._do(command_id, "Giữ hồ sơ, không cho hủy")

    @workflow.update
    async def end_hold(self, command_id: UUID) -> Moment:
        """A hold ends."""
        return await self._do(command_id, "Thôi giữ hồ sơ")

    @workflow.update
    async def propose_disposal(self, command_id: UUID) -> Moment:
        """The file has been kept as long as it must be."""
        return await self._do(command_id, "Đề nghị hủy hồ sơ hết thời hạn lưu trữ")

    @workflow.update
    async def approve_disposal(self, command_id: UUID) -> Moment:
        """Somebody else decides that its content is destroyed."""
        return await self._do(command_id, "Quyết định hủy hồ sơ")

    @workflow.update
    async def withdraw_disposal(self, command_id: UUID) -> Moment:
        """The proposal is taken back or turned down."""
        return await self._do(command_id, "Thôi đề nghị hủy hồ sơ")
