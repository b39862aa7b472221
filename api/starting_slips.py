"""Starting the workflow that has one slip made."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from temporalio.client import Client

from api.starting_once import start_once
from models.identifiers import slip_workflow
from models.messages_slips import SlipStart
from workflows.slip import SlipWorkflow

UNMADE = text("SELECT id, profile_id FROM slips WHERE state = 'making' ORDER BY id")
"""What was asked for and is not made."""


async def start_slips(
    client: Client, task_queue: str, authority_id: UUID, rows: Iterable[Row[Any]]
) -> list[str]:
    """Have those made that nobody makes; answers the workflows that had to be started."""
    return [
        slip_workflow(row.id)
        for row in rows
        if await start_slip(client, task_queue, authority_id, row.id, row.profile_id)
    ]


async def start_slip(client: Client, task_queue: str, authority_id: UUID, slip: UUID, profile: UUID) -> bool:
    """Have a slip made unless it is being made; answers whether that had to be started."""
    return await start_once(
        client,
        task_queue,
        SlipWorkflow.run,
        SlipStart(authority_id=authority_id, slip_id=slip, profile_id=profile),
        workflow_id=slip_workflow(slip),
        summary="Phiếu kèm hồ sơ",
    )
