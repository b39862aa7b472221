"""The profile's updates about consents to read it: who may read beyond their scope is told, not timed."""

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import Moment


class ConsentUpdates:
    """Updates of the profile's workflow, kept beside it; a consent ends by its date without a timer."""

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        raise NotImplementedError

    @workflow.update
    async def allow_access(self, command_id: UUID) -> Moment:
        """The authority consents in writing that somebody reads the file."""
        return await self._do(command_id, "Đồng ý bằng văn bản cho xem hồ sơ")

    @workflow.update
    async def revoke_access(self, command_id: UUID) -> Moment:
        """The written consent is taken back."""
        return await self._do(command_id, "Chấm dứt việc cho xem hồ sơ")

    @workflow.update
    async def ask_consent(self, command_id: UUID) -> Moment:
        """The official is asked to consent to a read."""
        return await self._do(command_id, "Đề nghị người có hồ sơ đồng ý cho xem")

    @workflow.update
    async def answer_consent(self, command_id: UUID) -> Moment:
        """The official gives or refuses the consent."""
        return await self._do(command_id, "Trả lời đề nghị cho xem hồ sơ")

    @workflow.update
    async def withdraw_consent(self, command_id: UUID) -> Moment:
        """The official takes a consent back."""
        return await self._do(command_id, "Rút lại sự đồng ý cho xem hồ sơ")
