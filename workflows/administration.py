"""What administrators ask of the installation: commands, done one after another, then over."""

from contextlib import suppress
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from workflows.asking import ask_act
from workflows.backup import BackupWorkflow
from workflows.living import Answering
from workflows.reconciliation import ReconciliationWorkflow
from workflows.waiting import everybody_answered

with workflow.unsafe.imports_passed_through():
    from models.identifiers import backup_workflow, reconciliation_workflow
    from models.messages import Moment
    from models.messages_admin import AdministrationStart, BackupStart, ReconciliationRun

CREATED = 201


@workflow.defn
class AdministrationWorkflow(Answering):
    """Started by a command and over when it is answered; what takes longer has a workflow of its own."""

    @workflow.init
    def __init__(self, start: AdministrationStart) -> None:
        super().__init__("administration", start.authority_id, start.authority_id)
        self._orders: list[UUID] = []
        self._comparisons: list[UUID] = []
        self._apart = False

    @workflow.run
    async def run(self, _start: AdministrationStart) -> str:
        """Answer whoever asks; then see what was ordered on its way."""
        await self._answer("Quản trị hệ thống")
        if self._apart:
            await self._mend()
        while self._orders or self._comparisons:
            if self._orders:
                await self._back_up(self._orders.pop(0))
            if self._comparisons:
                await self._reconcile(self._comparisons.pop(0))
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
    async def check_escrow(self, command_id: UUID) -> Moment:
        """The master key's copy kept elsewhere was tried."""
        return await self._do(command_id, "Ghi nhận kiểm tra bản ký gửi khoá chủ")

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

    @workflow.update
    async def create_agency(self, command_id: UUID) -> Moment:
        """An agency begins."""
        return await self._do(command_id, "Lập cơ quan, đơn vị")

    @workflow.update
    async def change_agency(self, command_id: UUID) -> Moment:
        """An agency is renamed, given another code or put below another."""
        return await self._do(command_id, "Thay đổi cơ quan, đơn vị")

    @workflow.update
    async def end_agency(self, command_id: UUID) -> Moment:
        """An agency exists no longer."""
        return await self._do(command_id, "Kết thúc cơ quan, đơn vị")

    @workflow.update
    async def withdraw_agency_change(self, command_id: UUID) -> Moment:
        """A change of an agency is taken back before its day."""
        return await self._do(command_id, "Rút thay đổi chưa có hiệu lực")

    @workflow.update
    async def set_quota(self, command_id: UUID) -> Moment:
        """How many people an agency may have."""
        return await self._do(command_id, "Đặt biên chế, vị trí việc làm")

    @workflow.update
    async def order_reconciliation(self, command_id: UUID) -> Moment:
        """A comparison with the national database is ordered; a workflow of its own carries it through."""
        moment = await self._do(command_id, "Yêu cầu đối soát với CSDL quốc gia")
        if moment.status == CREATED and command_id not in self._comparisons:
            self._comparisons.append(command_id)
        return moment

    @workflow.signal
    def mend_tree(self) -> None:
        """The closure says otherwise than the tree, or labels are of another day."""
        self._asked = self._apart = True

    async def _mend(self) -> None:
        authority = self._authority_id
        summary = "Dựng lại bao đóng của cây tổ chức"
        async with self._lock:
            await ask_act(authority, "administration", authority, internal="mend_tree", summary=summary)

    async def _reconcile(self, reconciliation_id: UUID) -> None:
        authority = self._authority_id
        # The one that runs was told of twice: it is the same, for another is refused while it runs.
        with suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                ReconciliationWorkflow.run,
                ReconciliationRun(
                    authority_id=authority, reconciliation_id=reconciliation_id, now=workflow.now()
                ),
                id=reconciliation_workflow(authority),
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary="Đối soát với CSDL quốc gia",
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
