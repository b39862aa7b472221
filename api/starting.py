"""How any workflow is started from PostgreSQL, by its id: the rows say whether there is something to run."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from api.starting_imports import import_workflow
from api.starting_recompute import SUMMARY
from models.database import Scope, transaction
from models.errors import IdentifierError, RefusedError
from models.identifiers import WorkflowKind, WorkflowName, parse_workflow_id
from models.messages import (
    AccountStart,
    AgencyMonthStart,
    CertificateStart,
    DigestStart,
    ImportStart,
    Lending,
    Life,
    MonthStart,
    Move,
    RecomputeStart,
    RenewalStart,
    ReviewStart,
)
from models.messages_admin import AdministrationStart, BackupStart, BreachStart, ReorganisationStart
from models.messages_bulk import BulkStart
from models.messages_slips import SlipStart
from workflows.account import AccountWorkflow
from workflows.administration import AdministrationWorkflow
from workflows.agency_month import AgencyMonthWorkflow
from workflows.backup import BackupWorkflow
from workflows.breach import BreachWorkflow
from workflows.bulk import BulkWorkflow
from workflows.certificate import CertificateWorkflow
from workflows.delegation import DelegationWorkflow
from workflows.digest import DigestWorkflow
from workflows.month_end import MonthEndWorkflow
from workflows.profile import ProfileWorkflow
from workflows.recompute import RecomputeWorkflow
from workflows.renewal import RenewalWorkflow
from workflows.reorganisation import ReorganisationWorkflow
from workflows.review import ReviewWorkflow
from workflows.slip import SlipWorkflow
from workflows.transfer import TransferWorkflow
from workflows.workbook_import import ImportWorkflow


@dataclass(frozen=True, slots=True)
class Start:
    """What to run, with what, called how."""

    run: Any
    argument: Any
    summary: str
    by_month: bool = False
    """No row stands behind it, only a month or period: started anew only where the engine knew it."""


_SUBJECTS = {
    WorkflowKind.PROFILE: "SELECT id, id AS other FROM profiles WHERE id = :id",
    WorkflowKind.TRANSFER: "SELECT id, profile_id AS other FROM cases WHERE id = :id AND kind = 'transfer'"
    " AND closed_at IS NULL",
    WorkflowKind.DELEGATION: "SELECT id, id AS other FROM delegations WHERE id = :id AND state <> 'ended'",
    WorkflowKind.SLIP: "SELECT id, profile_id AS other FROM slips WHERE id = :id AND state = 'making'",
    WorkflowKind.BULK: "SELECT id, id AS other FROM bulk_orders WHERE id = :id AND state <> 'done'",
    WorkflowKind.REORGANISATION: "SELECT id, id AS other FROM reorganisations WHERE id = :id"
    " AND state NOT IN ('done', 'withdrawn')",
    WorkflowKind.BREACH: "SELECT id, id AS other FROM breaches b WHERE id = :id AND (state <> 'closed'"
    " OR EXISTS (SELECT 1 FROM breach_notices n WHERE n.breach_id = b.id AND n.state = 'making'))",
    WorkflowKind.CERTIFICATE: "SELECT id, id AS other FROM accounts WHERE id = :id",
    WorkflowKind.ACCOUNT: "SELECT id, id AS other FROM accounts WHERE id = :id",
}
_MONTH = text(
    "SELECT id, closes_at FROM agency_months WHERE agency_id = :agency AND month = :month"
    " AND state <> 'closed'"
)
_IMPORT = text("SELECT id FROM imports WHERE id = :id AND state IN ('waiting', 'running')")


COMPARING = text("SELECT id FROM reconciliations WHERE state <> 'done'")
COMPARES = "Đối soát với CSDL quốc gia"


async def start_of(database: AsyncEngine, authority_id: UUID, workflow_id: str) -> Start | None:
    """How a workflow of an authority is started; none where its rows say that there is nothing to run.

    Raises:
        IdentifierError: no workflow id of ours.
    """
    if workflow_id.startswith("import/"):
        return await _import(database, authority_id, workflow_id)
    name = parse_workflow_id(workflow_id)
    if name.kind in _SUBJECTS:
        return await _of_subject(database, authority_id, name)
    if name.kind is WorkflowKind.BACKUP:
        assert name.period is not None
        return Start(BackupWorkflow.run, BackupStart(month=name.period), f"Sao lưu tháng {name.period}", True)
    if name.subject == authority_id:
        return _of_authority(authority_id, name)
    return await _list(database, authority_id, name) if name.kind is WorkflowKind.MONTH_END else None


async def _import(database: AsyncEngine, authority_id: UUID, workflow_id: str) -> Start | None:
    try:
        import_id = UUID(workflow_id.removeprefix("import/"))
    except ValueError:
        raise IdentifierError("not a workflow id of ours") from None
    async with transaction(database, Scope(authority_id, everything=True)) as connection:
        found = (await connection.execute(_IMPORT, {"id": import_id})).one_or_none()
    if found is None or import_workflow(import_id) != workflow_id:
        return None
    start = ImportStart(authority_id=authority_id, import_id=import_id)
    return Start(ImportWorkflow.run, start, "Nhập dữ liệu từ bảng tính")


async def _of_subject(database: AsyncEngine, authority_id: UUID, name: WorkflowName) -> Start | None:
    async with transaction(database, Scope(authority_id, everything=True)) as connection:
        row = (await connection.execute(text(_SUBJECTS[name.kind]), {"id": name.subject})).one_or_none()
    if row is None:
        return None
    own = {"authority_id": authority_id}
    match name.kind:
        case WorkflowKind.PROFILE:
            return Start(ProfileWorkflow.run, Life(**own, profile_id=row.id), "Hồ sơ")
        case WorkflowKind.TRANSFER:
            move = Move(**own, transfer_id=row.id, profile_id=row.other)
            return Start(TransferWorkflow.run, move, "Chuyển hồ sơ")
        case WorkflowKind.DELEGATION:
            return Start(DelegationWorkflow.run, Lending(**own, delegation_id=row.id), "Uỷ quyền")
        case WorkflowKind.SLIP:
            slip = SlipStart(**own, slip_id=row.id, profile_id=row.other)
            return Start(SlipWorkflow.run, slip, "Phiếu kèm hồ sơ")
        case WorkflowKind.BULK:
            return Start(BulkWorkflow.run, BulkStart(**own, order_id=row.id), "Việc hàng loạt")
        case WorkflowKind.REORGANISATION:
            plan = ReorganisationStart(**own, reorganisation_id=row.id)
            return Start(ReorganisationWorkflow.run, plan, "Sắp xếp tổ chức")
        case WorkflowKind.BREACH:
            return Start(BreachWorkflow.run, BreachStart(**own, breach_id=row.id), "Sự cố dữ liệu cá nhân")
        case WorkflowKind.CERTIFICATE:
            return Start(CertificateWorkflow.run, CertificateStart(**own, account_id=row.id), "Chứng thư")
        case _:
            return Start(AccountWorkflow.run, AccountStart(**own, account_id=row.id), "Tài khoản")


def _of_authority(authority_id: UUID, name: WorkflowName) -> Start | None:
    own, period = {"authority_id": authority_id}, name.period or ""
    match name.kind:
        case WorkflowKind.DIGEST:
            return Start(DigestWorkflow.run, DigestStart(**own), "Bản tin sáng")
        case WorkflowKind.MONTH_END:
            return Start(MonthEndWorkflow.run, MonthStart(**own, month=period), f"Cuối tháng {period}", True)
        case WorkflowKind.REVIEW:
            start = ReviewStart(**own, period=period)
            return Start(ReviewWorkflow.run, start, f"Rà soát dữ liệu {period}", True)
        case WorkflowKind.RECOMPUTE:
            return Start(RecomputeWorkflow.run, RecomputeStart(**own), SUMMARY)
        case WorkflowKind.ADMINISTRATION:
            return Start(AdministrationWorkflow.run, AdministrationStart(**own), "Quản trị hệ thống")
        case WorkflowKind.RENEWAL:
            return Start(RenewalWorkflow.run, RenewalStart(**own), "Gia hạn dấu thời gian lưu trữ")
        case _:
            return None


async def _list(database: AsyncEngine, authority_id: UUID, name: WorkflowName) -> Start | None:
    async with transaction(database, Scope(authority_id, everything=True)) as connection:
        values = {"agency": name.subject, "month": name.period}
        row = (await connection.execute(_MONTH, values)).one_or_none()
    if row is None or name.subject is None or name.period is None:
        return None
    start = AgencyMonthStart(
        authority_id=authority_id,
        agency_id=name.subject,
        agency_month_id=row.id,
        month=name.period,
        closes_at=row.closes_at,
    )
    return Start(AgencyMonthWorkflow.run, start, f"Danh sách tháng {name.period}")


async def rebuild(client: Client, queue: str, database: AsyncEngine, authority_id: UUID, which: str) -> None:
    """Stop a workflow, if it runs, and start it from its rows: what was accepted is said again by the relay.

    Raises:
        RefusedError: ``not-found``: no such workflow in this authority, or nothing left to run.
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    try:
        start = await start_of(database, authority_id, which)
    except IdentifierError:
        start = None
    if start is None or (start.by_month and not await _known(client, which)):
        raise RefusedError.of(
            "not-found",
            "Không có quy trình này, hoặc việc của nó đã xong.",
            "There is no such workflow, or its work is done.",
        )
    await client.start_workflow(
        start.run,
        start.argument,
        id=which,
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=start.summary,
    )


async def _known(client: Client, workflow_id: str) -> bool:
    try:
        await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
