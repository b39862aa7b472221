"""Certificates registered to one account, and withdrawn: commands, done one after another, then over."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from temporalio import workflow

from workflows.asking import ask_act
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.messages import CertificateStart, Moment


@workflow.defn
class CertificateWorkflow:
    """Started by a command and over when it is answered: nothing about a certificate waits for a time."""

    @workflow.init
    def __init__(self, start: CertificateStart) -> None:
        self._start = start
        self._lock = asyncio.Lock()
        self._asked = False

    @workflow.run
    async def run(self, _start: CertificateStart) -> str:
        """Answer whoever asks."""
        workflow.set_current_details("Chứng thư của tài khoản")
        # The command it was started by arrives with the start; another's may follow within the minute.
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._asked, timeout=timedelta(minutes=1))
        await everybody_answered()
        return "xong"

    @workflow.update
    async def register_certificate(self, command_id: UUID) -> Moment:
        """A certificate is registered."""
        return await self._do(command_id, "Đăng ký chứng thư")

    @workflow.update
    async def withdraw_certificate(self, command_id: UUID) -> Moment:
        """A certificate is withdrawn."""
        return await self._do(command_id, "Rút chứng thư")

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        self._asked = True
        async with self._lock:
            return await ask_act(
                self._start.authority_id,
                "certificate",
                self._start.account_id,
                command_id=command_id,
                summary=summary,
            )
