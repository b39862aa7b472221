"""Certificates registered to one account, and withdrawn: commands, done one after another, then over."""

from uuid import UUID

from temporalio import workflow

from workflows.living import Answering

with workflow.unsafe.imports_passed_through():
    from models.messages import CertificateStart, Moment


@workflow.defn
class CertificateWorkflow(Answering):
    """Started by a command and over when it is answered: nothing about a certificate waits for a time."""

    @workflow.init
    def __init__(self, start: CertificateStart) -> None:
        super().__init__("certificate", start.account_id, start.authority_id)

    @workflow.run
    async def run(self, _start: CertificateStart) -> str:
        """Answer whoever asks."""
        await self._answer("Chứng thư của tài khoản")
        return "xong"

    @workflow.update
    async def register_certificate(self, command_id: UUID) -> Moment:
        """A certificate is registered."""
        return await self._do(command_id, "Đăng ký chứng thư")

    @workflow.update
    async def withdraw_certificate(self, command_id: UUID) -> Moment:
        """A certificate is withdrawn."""
        return await self._do(command_id, "Rút chứng thư")
