"""When the national database does not answer as hoped: who must know, and when it is tried again."""

from datetime import datetime, timedelta
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.national.adapter import (
    AccessRefusedError,
    BadAnswerError,
    BadPacketError,
    KeyRevokedError,
    MaintenanceError,
    NationalError,
    UnreachableError,
)
from activities.notifications.notices import notify_administrator
from activities.signing.proofs import present
from models.calendar import legal_date
from models.database import Scope, transaction
from models.record.service import paused_now
from models.record.tools import Tools

SHORTEST, LONGEST = timedelta(seconds=2), timedelta(minutes=5)
REPAIR = timedelta(minutes=10)
"""Between tries while a person must do something first."""
NIGHT = timedelta(hours=1)
"""At most this long, even if the other side announced more: maintenance also ends early."""

PAUSED = "national-paused"
PAUSE = timedelta(minutes=1)
"""Between two looks whether a paused exchange goes on."""

KINDS: dict[type[NationalError], str] = {
    KeyRevokedError: "national_key_revoked",
    AccessRefusedError: "national_access_refused",
    MaintenanceError: "national_maintenance",
    BadAnswerError: "national_answer_broken",
    BadPacketError: "national_packet_refused",
}
"""Kind of the administrator's notice. Unreachable is none: it passes by itself, or becomes one of these."""


def growing_delay(attempt: int) -> timedelta:
    """Twice as long after every try, within bounds; ``attempt`` counts from 1."""
    return min(timedelta(seconds=SHORTEST.total_seconds() * 2.0 ** min(attempt - 1, 10)), LONGEST)


def delay_after(error: NationalError, attempt: int) -> timedelta:
    """How long to wait before the next try; ``attempt`` counts from 1."""
    growing = growing_delay(attempt)
    match error:
        case MaintenanceError(retry_after=pause):
            return min(max(pause, SHORTEST), NIGHT)
        case UnreachableError(retry_after=pause) if pause is not None:
            return min(max(pause, SHORTEST), NIGHT)
        case KeyRevokedError() | AccessRefusedError():
            return REPAIR
        case _:
            return growing


async def open_way(tools: Tools, authority_id: UUID, at: datetime) -> None:
    """Go on, unless an administrator has paused the exchange.

    Raises:
        ApplicationError: ``national-paused``; asked again within a minute.
    """
    if await is_paused(tools, authority_id, at):
        raise again(PAUSED, PAUSE)


async def is_paused(tools: Tools, authority_id: UUID, at: datetime) -> bool:
    """Whether nothing may be sent at the instant of this attempt, of an activity asked for at ``at``."""
    return "national" in await paused_now(tools.engine, authority_id, present(at))


def again(what: str, delay: timedelta) -> ApplicationError:
    """The error that makes the engine try an activity again after ``delay``; waiting is no fault."""
    return ApplicationError(what, type=what, next_retry_delay=delay, category=ApplicationErrorCategory.BENIGN)


async def tell_of_trouble(tools: Tools, authority_id: UUID, error: NationalError, now: datetime) -> None:
    """Tell the administrators, once a day for each kind of trouble."""
    kind = KINDS.get(type(error))
    if kind is None:
        return
    facts = {"until": error.until.isoformat()} if isinstance(error, MaintenanceError) else {}
    if isinstance(error, AccessRefusedError | BadPacketError):
        facts = {"code": error.code}
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        once = legal_date(now).isoformat()
        await notify_administrator(connection, authority_id, kind, once=once, now=now, **facts)


async def troubled(
    tools: Tools, authority_id: UUID, error: NationalError, now: datetime, *, progressed: bool = False
) -> ApplicationError:
    """Say it to whoever can help, and answer the error with which the activity waits for it.

    ``progressed``: this attempt got something through before, so the other side is there and the waits begin
    anew; else one call in twenty that fails would keep a long list waiting ever longer.
    """
    await tell_of_trouble(tools, authority_id, error, now)
    return again(type(error).__name__, delay_after(error, 1 if progressed else activity.info().attempt))
