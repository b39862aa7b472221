"""All messages to the engine: a command is written down first, then put to its workflow, then answered.

Whatever dies in between, the row remains, the relay puts it again with the same id, and its fate can be read.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from api.answers import respond
from api.engine_away import ENGINE_AWAY
from api.maintenance import refuse_command
from api.scope import Asker
from api.second_factor import recent
from api.starting_recompute import SUMMARY
from models.command_accounts import OpenAgencyAccount, OpenServiceAccount
from models.command_registers import RecordBreach
from models.command_reorganisation import DraftReorganisation
from models.commands import ActivateAccount, Body, ClaimTransfer, Delegate, OpenProfile, ReopenProfile
from models.database import Scope, entering, together, transaction
from models.errors import RefusedError
from models.identifiers import WorkflowKind, command_id, parse_workflow_id, profile_workflow
from models.logs import logger
from models.messages import (
    AccountStart,
    AgencyMonthStart,
    CertificateStart,
    Lending,
    Life,
    Moment,
    Move,
    RecomputeStart,
    ReviewStart,
)
from models.messages_admin import AdministrationStart, BreachStart, ReorganisationStart
from models.record.commands import Fate, accept, fate_at_once
from models.record.tools import Tools
from workflows.account import AccountWorkflow
from workflows.administration import AdministrationWorkflow
from workflows.agency_month import AgencyMonthWorkflow
from workflows.breach import BreachWorkflow
from workflows.certificate import CertificateWorkflow
from workflows.delegation import DelegationWorkflow
from workflows.profile import ProfileWorkflow
from workflows.recompute import RecomputeWorkflow
from workflows.reorganisation import ReorganisationWorkflow
from workflows.review import ReviewWorkflow
from workflows.transfer import TransferWorkflow

PATIENCE = timedelta(seconds=10)
"""How long a caller waits for the answer before being sent to the command's own address (202)."""

log = logger("commands")


@dataclass(slots=True)
class Engine:
    """The engine as the API uses it."""

    client: Client
    task_queue: str
    tools: Tools
    heard: dict[UUID, UUID] = field(default_factory=dict)
    """Commands the engine has answered, with their authority, until the relay has written that down."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """A command with the workflow that decides it."""

    command_id: UUID
    authority_id: UUID
    verb: str
    workflow_id: str
    subject_id: UUID


async def submit(
    engine: Engine,
    database: AsyncEngine,
    scope: Scope,
    *,
    command_id: UUID,
    body: Body,
    received: Any,
    workflow_id: str,
    subject_id: UUID,
    expected_revision: int | None,
    now: datetime,
    second_factor_at: datetime | None = None,
    patience: timedelta = PATIENCE,
) -> Fate:
    """Accept a command and see it decided if that happens in time; the fate says which.

    Where nobody has any ``patience`` left it is written down, and the relay puts it.

    Raises:
        RefusedError: ``key-reused``, ``not-found``.
    """
    assert scope.account is not None
    seen = None if isinstance(body, ENTERING) else _SEEN.get(parse_workflow_id(workflow_id).kind)
    async with database.begin() as connection:
        # Row-level security answers: what the asker cannot see is not there, and no workflow starts for it.
        # A command of his own stays his to repeat, also after the profile has gone to other hands.
        one = {"id": subject_id, "command": command_id}
        looks = [entering(scope)] + ([(seen, one)] if seen is not None else [])
        if not (await together(connection, looks))[-1]:
            raise RefusedError.of("not-found", "Không tìm thấy.", "There is no such thing.")
        accepted = await accept(
            connection,
            engine.tools,
            command_id=command_id,
            authority_id=scope.authority,
            account_id=scope.account,
            body=body,
            received=json.dumps(received, sort_keys=True, separators=(",", ":"), default=str).encode(),
            workflow_id=workflow_id,
            subject_id=subject_id,
            expected_revision=expected_revision,
            now=now,
            second_factor_at=second_factor_at,
        )
    if accepted.settled or not patience:
        return accepted
    addressed = Addressed(command_id, scope.authority, body.verb, accepted.workflow_id, accepted.subject_id)
    await put(engine, addressed, patience)
    decided = await fate_at_once(database, scope, command_id)
    assert decided is not None
    return replace(decided, fresh=accepted.fresh)


async def send(
    request: Request,
    who: Asker,
    body: Body,
    *,
    subject_id: UUID,
    key: str,
    workflow_id: str | None = None,
    expected: int | None = None,
    sent: Body | None = None,
    once: Mapping[str, str] | None = None,
    patience: timedelta = PATIENCE,
) -> JSONResponse:
    """Accept a command of this request's asker and answer it.

    ``sent`` is what the caller sent, where the server added a secret to ``body``; repetitions go by it.
    ``workflow_id`` is the profile's unless given.

    Raises:
        RefusedError: ``maintenance``, ``second-factor-stale``, and whatever `submit` raises.
    """
    state = request.app.state
    refuse_command(body, who.maintenance, who.now)
    recent(who, body.verb, state.tools.policy, state.settings.second_factor)
    if sent is None and isinstance(body, ActivateAccount):
        sent = body.model_copy(update={"password_hash": ""})
    fate = await submit(
        state.engine,
        state.tools.engine,
        who.scope,
        command_id=command_id(who.account_id, key),
        body=body,
        received=(sent or body).model_dump(mode="json"),
        workflow_id=workflow_id or profile_workflow(subject_id),
        subject_id=subject_id,
        expected_revision=expected,
        now=await state.clock.now(),
        second_factor_at=who.second_factor_at,
        patience=patience,
    )
    return respond(request, fate, once)


async def put(engine: Engine, command: Addressed, patience: timedelta) -> Moment | None:
    """Put a written command to its workflow; none when no answer came in time or the engine is away."""
    try:
        return await attempt(engine, command, patience)
    except ENGINE_AWAY as error:
        code = error.status.name if isinstance(error, RPCError) else "CONNECT"
        log.warning("command.engine_away", command_id=str(command.command_id), verb=command.verb, code=code)
    return None


async def attempt(engine: Engine, command: Addressed, patience: timedelta) -> Moment | None:
    """The same for whoever tells a workflow that does not answer from an engine that is away.

    Raises:
        RPCError, RuntimeError: the engine is away, or refuses (`api.engine_away`).
    """
    try:
        async with asyncio.timeout(patience.total_seconds()):
            answered = await _update(engine, command)
        engine.heard[command.command_id] = command.authority_id
        return answered
    except TimeoutError:
        log.warning("command.unanswered", command_id=str(command.command_id), verb=command.verb)
    except (WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # The SDK tells a call that we were told to stop as one that was not answered (_impl.py of 1.35).
            raise asyncio.CancelledError from error
        log.warning("command.not_applied", command_id=str(command.command_id), verb=command.verb)
    return None


async def _update(engine: Engine, command: Addressed) -> Moment:
    """The update; a workflow that sleeps only in PostgreSQL is started with it."""
    handle: WorkflowHandle[Any, Any] = engine.client.get_workflow_handle(command.workflow_id)
    try:
        known: Moment = await handle.execute_update(
            command.verb, args=_arguments(command), id=str(command.command_id), result_type=Moment
        )
        return known
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    start = await start_operation(engine, command)
    if start is None:
        return Moment(version=0, chapter="", words="", status=404)
    update = await engine.client.start_update_with_start_workflow(
        command.verb,
        args=_arguments(command),
        start_workflow_operation=start,
        id=str(command.command_id),
        wait_for_stage=WorkflowUpdateStage.COMPLETED,
        result_type=Moment,
    )
    answered: Moment = await update.result()
    return answered


def _arguments(command: Addressed) -> list[UUID]:
    """What an update carries: the command's id, and the report's where one workflow serves many of them."""
    many = parse_workflow_id(command.workflow_id).kind is WorkflowKind.REVIEW
    return [command.command_id, command.subject_id] if many else [command.command_id]


async def start_operation(engine: Engine, command: Addressed) -> WithStartWorkflowOperation[Any, Any] | None:
    """How to start the workflow a command belongs to; none where its subject is unknown."""
    name = parse_workflow_id(command.workflow_id)
    policies: dict[str, Any] = {
        "id": command.workflow_id,
        "task_queue": engine.task_queue,
        "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING,
        "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    }
    if name.kind is WorkflowKind.PROFILE:
        life = Life(authority_id=command.authority_id, profile_id=command.subject_id)
        return WithStartWorkflowOperation(ProfileWorkflow.run, life, static_summary="Hồ sơ", **policies)
    if name.kind is WorkflowKind.REVIEW:
        assert name.period is not None
        review = ReviewStart(authority_id=command.authority_id, period=name.period)
        return WithStartWorkflowOperation(
            ReviewWorkflow.run, review, static_summary=f"Rà soát dữ liệu {name.period}", **policies
        )
    if name.kind is WorkflowKind.DELEGATION:
        lending = Lending(authority_id=command.authority_id, delegation_id=command.subject_id)
        return WithStartWorkflowOperation(
            DelegationWorkflow.run, lending, static_summary="Uỷ quyền", **policies
        )
    if name.kind is WorkflowKind.RECOMPUTE:
        law = RecomputeStart(authority_id=command.authority_id)
        return WithStartWorkflowOperation(RecomputeWorkflow.run, law, static_summary=SUMMARY, **policies)
    if name.kind is WorkflowKind.ADMINISTRATION:
        whole = AdministrationStart(authority_id=command.authority_id)
        return WithStartWorkflowOperation(
            AdministrationWorkflow.run, whole, static_summary="Quản trị hệ thống", **policies
        )
    if name.kind is WorkflowKind.CERTIFICATE:
        whose = CertificateStart(authority_id=command.authority_id, account_id=command.subject_id)
        return WithStartWorkflowOperation(
            CertificateWorkflow.run, whose, static_summary="Chứng thư", **policies
        )
    if name.kind is WorkflowKind.BREACH:
        breach = BreachStart(authority_id=command.authority_id, breach_id=command.subject_id)
        return WithStartWorkflowOperation(
            BreachWorkflow.run, breach, static_summary="Sự cố dữ liệu cá nhân", **policies
        )
    if name.kind is WorkflowKind.REORGANISATION:
        case = ReorganisationStart(authority_id=command.authority_id, reorganisation_id=command.subject_id)
        return WithStartWorkflowOperation(
            ReorganisationWorkflow.run, case, static_summary="Sắp xếp tổ chức", **policies
        )
    if name.kind is WorkflowKind.ACCOUNT:
        account = AccountStart(authority_id=command.authority_id, account_id=command.subject_id)
        return WithStartWorkflowOperation(
            AccountWorkflow.run, account, static_summary="Tài khoản", **policies
        )
    async with transaction(engine.tools.engine, Scope(command.authority_id, everything=True)) as connection:
        if name.kind is WorkflowKind.TRANSFER:
            profile_id = await connection.scalar(_CASE, {"id": command.subject_id})
            if profile_id is None:
                return None
            move = Move(
                authority_id=command.authority_id, transfer_id=command.subject_id, profile_id=profile_id
            )
            return WithStartWorkflowOperation(
                TransferWorkflow.run, move, static_summary="Chuyển hồ sơ", **policies
            )
        month = (await connection.execute(_MONTH, {"id": command.subject_id})).one_or_none()
    if month is None:
        return None
    start = AgencyMonthStart(
        authority_id=command.authority_id,
        agency_id=month.agency_id,
        agency_month_id=command.subject_id,
        month=month.month,
        closes_at=month.closes_at,
    )
    return WithStartWorkflowOperation(
        AgencyMonthWorkflow.run, start, static_summary=f"Danh sách tháng {month.month}", **policies
    )


ENTERING = (
    OpenProfile,
    ReopenProfile,
    ClaimTransfer,
    Delegate,
    OpenAgencyAccount,
    OpenServiceAccount,
    RecordBreach,
    DraftReorganisation,
)
"""Commands about what the asker does not hold or see yet; whether they may is asked of what they name."""
_OWN = "UNION ALL SELECT 1 FROM commands WHERE id = :command AND subject_id = :id"
_SEEN = {
    WorkflowKind.PROFILE: text(f"SELECT 1 FROM profiles WHERE id = :id {_OWN}"),  # noqa: S608 — no input
    WorkflowKind.TRANSFER: text(f"SELECT 1 FROM cases WHERE id = :id AND kind = 'transfer' {_OWN}"),  # noqa: S608
    WorkflowKind.DELEGATION: text(f"SELECT 1 FROM delegations WHERE id = :id {_OWN}"),  # noqa: S608 — no input
    WorkflowKind.BREACH: text(f"SELECT 1 FROM breaches WHERE id = :id {_OWN}"),  # noqa: S608 — no input
    WorkflowKind.REORGANISATION: text(f"SELECT 1 FROM reorganisations WHERE id = :id {_OWN}"),  # noqa: S608
    WorkflowKind.MONTH_END: text(f"SELECT 1 FROM agency_months WHERE id = :id {_OWN}"),  # noqa: S608 — no input
    WorkflowKind.REVIEW: text(f"SELECT 1 FROM review_reports WHERE id = :id {_OWN}"),  # noqa: S608 — no input
    WorkflowKind.CERTIFICATE: text(f"SELECT 1 FROM accounts WHERE id = :id {_OWN}"),  # noqa: S608 — no input
    WorkflowKind.ACCOUNT: text(f"SELECT 1 FROM accounts WHERE id = :id {_OWN}"),  # noqa: S608 — no input
    WorkflowKind.RECOMPUTE: text(f"SELECT 1 FROM authorities WHERE authority_id = :id {_OWN}"),  # noqa: S608
    WorkflowKind.ADMINISTRATION: text(f"SELECT 1 FROM authorities WHERE authority_id = :id {_OWN}"),  # noqa: S608
}
_CASE = text("SELECT profile_id FROM cases WHERE id = :id AND kind = 'transfer'")
_MONTH = text("SELECT agency_id, month, closes_at FROM agency_months WHERE id = :id")
