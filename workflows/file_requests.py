"""The profile's updates about corrections and disputes; their duties are the profile's own."""

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import Moment


class RequestUpdates:
    """Updates of the profile's workflow, kept beside it."""

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        raise NotImplementedError

    @workflow.update
    async def request_rectification(self, command_id: UUID) -> Moment:
        """The official asks for a correction."""
        return await self._do(command_id, "Yêu cầu sửa dữ liệu")

    @workflow.update
    async def answer_rectification(self, command_id: UUID) -> Moment:
        """It is accepted or refused."""
        return await self._do(command_id, "Trả lời yêu cầu sửa dữ liệu")

    @workflow.update
    async def open_dispute(self, command_id: UUID) -> Moment:
        """The official disputes a value or a decision."""
        return await self._do(command_id, "Khiếu nại về dữ liệu")

    @workflow.update
    async def decide_dispute(self, command_id: UUID) -> Moment:
        """It is decided."""
        return await self._do(command_id, "Giải quyết khiếu nại")

    @workflow.update
    async def withdraw_request(self, command_id: UUID) -> Moment:
        """The official takes a request back."""
        return await self._do(command_id, "Rút yêu cầu")
