"""Asking for acts: the one way from a workflow to the facts."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import ActActivities
    from models.messages import Ask, Internal, Moment, Subject

# Fast at first, then patient: the database may be restarting, and an act must never be given up.
ACT_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=30),
)
PATIENT = timedelta(seconds=2)
"""Pauses longer than this are timers: what cannot be done now must not hold one of the worker's few slots."""


async def ask_act(
    authority_id: UUID,
    subject: Subject,
    subject_id: UUID,
    *,
    command_id: UUID | None = None,
    internal: Internal | None = None,
    summary: str,
    facts: dict[str, str | int | bool] | None = None,
) -> Moment:
    """Have one act done by a local activity; retried until the database answers."""
    ask = Ask(
        authority_id=authority_id,
        subject=subject,
        subject_id=subject_id,
        now=workflow.now(),
        command_id=command_id,
        internal=internal,
        facts=facts or {},
    )
    return await workflow.execute_local_activity_method(
        ActActivities.act,
        ask,
        start_to_close_timeout=timedelta(seconds=20),
        retry_policy=ACT_RETRY,
        local_retry_threshold=PATIENT,
        summary=summary,
    )
