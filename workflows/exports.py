"""The profile's updates about its dossier leaving: exports by keys at hand or elsewhere, prints."""

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import Moment


class ExportUpdates:
    """Updates of the profile's workflow, kept beside it; what an act asks for is done there."""

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        raise NotImplementedError

    @workflow.update
    async def export_dossier(self, command_id: UUID) -> Moment:
        """A signed export of the dossier."""
        return await self._do(command_id, "Xuất hồ sơ có ký số")

    @workflow.update
    async def print_dossier(self, command_id: UUID) -> Moment:
        """A print of one's own data."""
        return await self._do(command_id, "In dữ liệu của mình")

    @workflow.update
    async def open_export_signing(self, command_id: UUID) -> Moment:
        """An export is to be signed with a key that is elsewhere."""
        return await self._do(command_id, "Mở phiên ký bản xuất hồ sơ")

    @workflow.update
    async def complete_export_signing(self, command_id: UUID) -> Moment:
        """The signature of an export's session came."""
        return await self._do(command_id, "Nhận chữ ký bản xuất hồ sơ")

    @workflow.update
    async def cancel_export_signing(self, command_id: UUID) -> Moment:
        """The signer gives the export up."""
        return await self._do(command_id, "Huỷ phiên ký bản xuất hồ sơ")
