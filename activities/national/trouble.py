"""When the national database does not answer as hoped: who must know, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
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
PASSING, HOPEFUL = timedelta(seconds=30), 20
"""At most so long after a lost answer, for the first so many in a row (ten minutes): it passes by itself as a
rule, and whoever waits longer learns late that the other side is back."""
PATIENCE = 3
"""Calls in a row without an answer, after which the other side is taken to be away."""
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


@dataclass(slots=True)
class Tries:
    """Attempts of an activity in a row that got nothing through, carried from one to the next by heartbeats.

    The engine's own number counts every attempt since the activity began, also those that sent a hundred
    packets and those that died with their worker or the database: waits by it only ever grow.
    """

    fruitless: int = 0
    lost: int = 0
    """Calls in a row, of all that are under way at a time, whose answer was lost."""

    @classmethod
    def begun(cls) -> Self:
        """As the attempt before this one left it."""
        details = activity.info().heartbeat_details
        return cls(details[0] if details and isinstance(details[0], int) else 0)

    def beat(self) -> None:
        """Still at it."""
        activity.heartbeat(self.fruitless)

    def through(self, what: str) -> None:
        """Something got through: the other side is there, and waits begin anew."""
        self.fruitless = self.lost = 0
        activity.heartbeat(0, what)

    def answered(self) -> None:
        """Somebody is there, but nothing came of it yet: waits go on growing."""
        self.lost = 0
        self.beat()

    def missed(self) -> bool:
        """One more answer is lost; whether so many in a row were that nobody is there."""
        self.lost += 1
        self.beat()
        return self.lost >= PATIENCE

    def failed(self) -> int:
        """This attempt ends without having got further; which in a row it is, counted from 1."""
        self.fruitless += 1
        self.beat()
        return self.fruitless


def growing_delay(attempt: int) -> timedelta:
    """Twice as long after every try, within bounds; ``attempt`` counts from 1."""
    return min(timedelta(seconds=SHORTEST.total_seconds() * 2.0 ** min(attempt - 1, 10)), LONGEST)


def delay_after(error: NationalError, attempt: int) -> timedelta:
    """How long to wait before the next try; ``attempt`` counts from 1 and is of those in a row."""
    match error:
        case MaintenanceError(retry_after=pause):
            return min(max(pause, SHORTEST), NIGHT)
        case UnreachableError(retry_after=pause) if pause is not None:
            return min(max(pause, SHORTEST), NIGHT)
        case KeyRevokedError() | AccessRefusedError():
            return REPAIR
        case UnreachableError() | BadAnswerError() if attempt <= HOPEFUL:
            return min(growing_delay(attempt), PASSING)
        case _:
            return growing_delay(attempt)


def of_one_call(error: NationalError) -> bool:
    """Whether it may be this one call's answer that was lost: the next one's need not be."""
    match error:
        case UnreachableError(retry_after=pause):
            return pause is None
        case _:
            return isinstance(error, BadAnswerError)


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
    tools: Tools, authority_id: UUID, error: NationalError, now: datetime, tries: Tries | None = None
) -> ApplicationError:
    """Say it to whoever can help, and answer the error with which the activity waits for it.

    ``tries`` where the activity does many things one after the other; else the engine's count of attempts is
    that of failures in a row.
    """
    await tell_of_trouble(tools, authority_id, error, now)
    return again(
        type(error).__name__, delay_after(error, tries.failed() if tries else activity.info().attempt)
    )
