"""Running one round over an agency's list: signatures one by one, a list to be cut, or a list to be signed.

A token that is pulled out stops the round where it stands and says so beside it; the engine asks again, and
the round goes on at the exact item. Only when the token stays away for hours does the rest wait for a person.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.batches.approving import Round, approve_each
from activities.batches.cutting import cut_list
from activities.batches.one_signature import fail_list, sign_list
from activities.national.trouble import growing_delay
from activities.signing.errors import PAUSE, NotNowError, PausedError, SignerAwayError
from activities.signing.office import SigningOffice
from models.database import Scope, transaction
from models.messages import Batch, BatchResult
from models.record.commands import fate
from models.record.tools import Tools

PATIENCE = 40
"""Attempts to reach a token, at last five minutes apart: about three hours."""

_ROUND = text("SELECT kind, list_id, trouble FROM approval_rounds WHERE command_id = :id")
_TROUBLE = text(
    "UPDATE approval_rounds SET trouble = :why WHERE command_id = :id AND trouble IS DISTINCT FROM :why"
)


async def approve_batch(tools: Tools, signing: SigningOffice, batch: Batch) -> BatchResult:
    """Run the round of one command, from wherever an earlier attempt left it.

    Raises:
        ApplicationError: the key cannot be reached now (``token-away`` and the like); it is tried again.
    """
    assert batch.command_id is not None
    scope = Scope(batch.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        command = await fate(connection, batch.command_id)
        row = (await connection.execute(_ROUND, {"id": batch.command_id})).one_or_none()
    assert command is not None
    assert command.answer is not None
    chosen = [UUID(one) for one in command.answer.get("chosen", ())]
    patient = activity.info().attempt <= PATIENCE
    try:
        result = await _run(tools, signing, batch, row, chosen, patient=patient)
    except (SignerAwayError, BaseExceptionGroup) as error:
        away = _away(error)
        if away is None:
            raise
        await _note(tools, batch, away.code)
        # Its own pace, which is not that of a database that restarts.
        pause = PAUSE if isinstance(away, PausedError) else growing_delay(activity.info().attempt)
        raise ApplicationError(away.code, type=away.code, next_retry_delay=pause) from error
    if row is not None and row.trouble is not None:
        await _note(tools, batch, None)
    return result


async def _run(
    tools: Tools,
    signing: SigningOffice,
    batch: Batch,
    row: Row[Any] | None,
    chosen: list[UUID],
    *,
    patient: bool,
) -> BatchResult:
    assert batch.command_id is not None
    if row is None or row.kind == "single":
        scope = Scope(batch.authority_id, everything=True)
        return await approve_each(Round(tools, signing, batch, batch.command_id, scope, patient), chosen)
    if row.kind == "cut":
        return await cut_list(tools, signing.store, batch, row.list_id, chosen)
    try:
        return await sign_list(tools, signing, batch, row.list_id)
    except SignerAwayError as away:
        if patient or isinstance(away, NotNowError):
            raise  # others are awaited without end
        await fail_list(tools, batch, row.list_id, away.code)
        return BatchResult()


async def _note(tools: Tools, batch: Batch, why: str | None) -> None:
    async with transaction(tools.engine, Scope(batch.authority_id, everything=True)) as connection:
        await connection.execute(_TROUBLE, {"id": batch.command_id, "why": why})


def _away(error: BaseException) -> SignerAwayError | None:
    """The token's own trouble, out of what the lanes raised together; none where it is another."""
    if isinstance(error, SignerAwayError):
        return error
    if not isinstance(error, BaseExceptionGroup):
        return None
    matched, rest = error.split(SignerAwayError)
    if matched is None or rest is not None:
        return None
    found: BaseException = matched
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, SignerAwayError)
    return found
