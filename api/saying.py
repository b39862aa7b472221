"""Saying one line of the outbox to the workflow it is for."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from api.starting_recompute import start_recompute
from api.starting_slips import start_slip
from models.calendar import start_of_day
from models.identifiers import WorkflowKind, WorkflowName, parse_workflow_id
from models.lifecycle.month import OPEN_END
from models.messages import AgencyMonthStart, Lending, Life, Move
from workflows.agency_month import AgencyMonthWorkflow
from workflows.delegation import DelegationWorkflow
from workflows.profile import ProfileWorkflow
from workflows.transfer import TransferWorkflow


async def say(client: Client, queue: str, row: Row[Any]) -> None:
    """Signal the workflow; start it where it sleeps only in PostgreSQL.

    Raises:
        IdentifierError, KeyError, ValueError: a line of a newer version.
        RPCError, RuntimeError: the engine is away (`api.engine_away`).
    """
    name = parse_workflow_id(row.workflow_id)
    assert name.subject is not None
    if name.kind is WorkflowKind.PROFILE:
        await client.start_workflow(
            ProfileWorkflow.run,
            Life(authority_id=row.authority_id, profile_id=name.subject),
            id=row.workflow_id,
            task_queue=queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="heard",
            static_summary="Hồ sơ",
        )
    elif name.kind is WorkflowKind.TRANSFER:
        await client.start_workflow(
            TransferWorkflow.run,
            Move(
                authority_id=row.authority_id,
                transfer_id=name.subject,
                profile_id=UUID(row.payload["profile_id"]),
            ),
            id=row.workflow_id,
            task_queue=queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="heard",
            static_summary="Chuyển hồ sơ",
        )
    elif name.kind is WorkflowKind.DELEGATION:
        await client.start_workflow(
            DelegationWorkflow.run,
            Lending(authority_id=row.authority_id, delegation_id=name.subject),
            id=row.workflow_id,
            task_queue=queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="heard",
            static_summary="Uỷ quyền",
        )
    elif name.kind is WorkflowKind.SLIP:
        await start_slip(client, queue, row.authority_id, name.subject, UUID(row.payload["profile_id"]))
    elif name.kind is WorkflowKind.RECOMPUTE:
        await start_recompute(client, queue, row.authority_id)
    elif name.kind is WorkflowKind.MONTH_END and (start := _running_list(row, name)) is not None:
        # Also where it had closed: something joined it since.
        await client.start_workflow(
            AgencyMonthWorkflow.run,
            start,
            id=row.workflow_id,
            task_queue=queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="heard",
            static_summary=f"Danh sách tháng {start.month}",
        )
    else:
        try:
            await client.get_workflow_handle(row.workflow_id).signal("heard")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise  # a month that has ended needs to hear nothing


def _running_list(row: Row[Any], name: WorkflowName) -> AgencyMonthStart | None:
    """How to start the list a line is for, where it is one that opens again; none for all others."""
    assert name.subject is not None
    assert name.period is not None
    start = AgencyMonthStart(
        authority_id=row.authority_id,
        agency_id=name.subject,
        agency_month_id=UUID(row.payload.get("month", str(name.subject))),
        month=name.period,
        closes_at=start_of_day(OPEN_END),
    )
    return start if start.reopens else None
