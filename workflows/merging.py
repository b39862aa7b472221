"""The profile's updates about a second profile of the same person: proposed by one, decided by another."""

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import Moment


class MergingUpdates:
    """Updates of the profile's workflow, kept beside it."""

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        raise NotImplementedError

    @workflow.update
    async def propose_profile_merge(self, command_id: UUID) -> Moment:
        """This profile is to be closed into another one of the same person."""
        return await self._do(command_id, "Đề nghị hợp nhất hồ sơ trùng")

    @workflow.update
    async def approve_profile_merge(self, command_id: UUID) -> Moment:
        """Somebody else decides it: the life told here ends, it goes on in the other profile."""
        return await self._do(command_id, "Quyết định hợp nhất hồ sơ trùng")

    @workflow.update
    async def withdraw_profile_merge(self, command_id: UUID) -> Moment:
        """The proposal is taken back or turned down."""
        return await self._do(command_id, "Thôi đề nghị hợp nhất hồ sơ")
