"""What administrators ask of the installation: commands, done one after another, then over."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from workflows.asking import ask_act
from workflows.backup import BackupWorkflow
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.identifiers import backup_workflow
    from models.messages import Moment
    from models.messages_admin import AdministrationStart, BackupStart

CREATED = 201


@workflow.defn
class AdministrationWorkflow:
    """Started by a command and over when it is answered; what takes longer has a workflow of its own."""

    @workflow.init
    def __init__(self, start: AdministrationStart) -> None:
        self._start = start
        self._lock = asyncio.Lock()
        self._asked = False
        self._orders: list[UUID] = []

    @workflow.run
    async def run(self, _start: AdministrationStart) -> str:
        """Answer whoever asks; then see what was ordered on its way."""
        workflow.set_current_details("Quản trị hệ thống")
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._asked, timeout=timedelta(minutes=1))
        await everybody_answered()
        while self._orders:
            await self._back_up(self._orders.pop(0))
            await everybody_answered()
        return "xong"

    @workflow.update
    async def order_backup(self, command_id: UUID) -> Moment:
        """A backup is ordered; it is taken by the month's own workflow."""
        moment = await self._do(command_id, "Yêu cầu sao lưu")
        if moment.status == CREATED and command_id not in self._orders:
            self._orders.append(command_id)
        return moment

    @workflow.update
    async def pause_party(self, command_id: UUID) -> Moment:
        """Nothing goes to an outside party for now."""
        return await self._do(command_id, "Tạm dừng một bên ngoài")

    @workflow.update
    async def resume_party(self, command_id: UUID) -> Moment:
        """It goes on."""
        return await self._do(command_id, "Tiếp tục với bên ngoài")

    @workflow.update
    async def announce_maintenance(self, command_id: UUID) -> Moment:
        """Nothing will be changed for a while."""
        return await self._do(command_id, "Thông báo bảo trì")

    @workflow.update
    async def lift_maintenance(self, command_id: UUID) -> Moment:
        """A maintenance ends early, or is not held."""
        return await self._do(command_id, "Kết thúc bảo trì sớm")

    async def _do(self, command_id: UUID, summary: str) -> Moment:
        self._asked = True
        async with self._lock:
            authority = self._start.authority_id
            return await ask_act(
                authority, "administration", authority, command_id=command_id, summary=summary
            )

    async def _back_up(self, order: UUID) -> None:
        month = f"{workflow.now():%Y-%m}"
        name = backup_workflow(month)
        try:
            await workflow.start_child_workflow(
                BackupWorkflow.run,
                BackupStart(month=month, order=order),
                id=name,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"Sao lưu tháng {month}",
            )
        except WorkflowAlreadyStartedError:
            await workflow.get_external_workflow_handle(name).signal(BackupWorkflow.order, order)
