"""Signatures as a workflow waits for them: the work outside its lock, and the act that comes of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.trying import PREPARE_RETRY, SIGN_RETRY, why

with workflow.unsafe.imports_passed_through():
    from models.activity_interfaces import SessionActivities, SigningActivities
    from models.messages import Internal, Life, Moment, SessionRequest, SignRequest

PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True)
class Next:
    """The act that follows a signature's work."""

    internal: Internal
    summary: str
    facts: dict[str, str] = field(default_factory=dict)


def is_asked(moment: Moment) -> bool:
    """Whether an act left a signature's work to be done."""
    waits = moment.to_sign or moment.to_prepare or moment.to_finish
    return waits is not None and not moment.settled


async def work(life: Life, moment: Moment, command_id: UUID) -> Next:
    """Do what a profile's act asks for; what went wrong is the act that follows."""
    if moment.to_sign is None:
        return await session_work(life.authority_id, moment, command_id)
    return await _sign(life, moment.to_sign, {"settles": str(command_id)})


def is_session(moment: Moment) -> bool:
    """Whether an act left a step of a signing session to be done."""
    return (moment.to_prepare or moment.to_finish) is not None and not moment.settled


async def session_work(
    authority_id: UUID, moment: Moment, command_id: UUID, patience: timedelta = PATIENCE
) -> Next:
    """The step of a signing session that is asked for, whatever the session signs."""
    settles = {"settles": str(command_id)}
    if moment.to_prepare is not None:
        return await _prepare(authority_id, moment.to_prepare, settles, patience)
    assert moment.to_finish is not None
    return await _finish(authority_id, moment.to_finish, settles, patience)


async def _sign(life: Life, approval_id: UUID, settles: dict[str, str]) -> Next:
    common = {"approval": str(approval_id), **settles}
    try:
        signed = await workflow.execute_activity_method(
            SigningActivities.sign_approval,
            SignRequest(
                authority_id=life.authority_id,
                profile_id=life.profile_id,
                approval_id=approval_id,
                now=workflow.now(),
            ),
            start_to_close_timeout=PATIENCE,
            retry_policy=SIGN_RETRY,
            summary="Ký số bản phê duyệt",
        )
    except ActivityError as error:
        return Next("fail_approval", "Ký không thành", {**common, "reason": why(error)})
    if signed.failure:
        return Next("fail_approval", "Ký không thành", {**common, "reason": signed.failure})
    made = {"document": signed.document, "certificate": signed.certificate}
    return Next("complete_approval", "Ghi nhận phê duyệt", {**common, **made})


async def _prepare(
    authority_id: UUID, session_id: UUID, settles: dict[str, str], patience: timedelta
) -> Next:
    common = {"session": str(session_id), **settles}
    request = SessionRequest(authority_id=authority_id, session_id=session_id, now=workflow.now())
    try:
        laid_out = await workflow.execute_activity_method(
            SessionActivities.prepare_session,
            request,
            start_to_close_timeout=patience,
            retry_policy=PREPARE_RETRY,
            summary="Chuẩn bị văn bản để ký",
        )
        failure = laid_out.failure
    except ActivityError as error:
        failure = why(error)
    if failure:
        return Next("session_failed", "Không chuẩn bị được văn bản", {**common, "reason": failure})
    return Next("session_prepared", "Văn bản chờ chữ ký", common)


async def _finish(authority_id: UUID, session_id: UUID, settles: dict[str, str], patience: timedelta) -> Next:
    common = {"session": str(session_id), **settles}
    request = SessionRequest(authority_id=authority_id, session_id=session_id, now=workflow.now())
    try:
        signed = await workflow.execute_activity_method(
            SessionActivities.finish_session,
            request,
            start_to_close_timeout=patience,
            retry_policy=SIGN_RETRY,
            summary="Kiểm tra chữ ký nhận được",
        )
    except ActivityError as error:
        return Next("session_refused", "Chưa nhận được chữ ký", {**common, "reason": why(error)})
    if signed.failure:
        return Next("session_refused", "Không nhận chữ ký", {**common, "reason": signed.failure})
    if not signed.approval:
        return Next("session_judged", "Ghi nhận chữ ký", common)
    made = {"document": signed.document, "certificate": signed.certificate}
    return Next("complete_approval", "Ghi nhận chữ ký", {"approval": signed.approval, **settles, **made})
