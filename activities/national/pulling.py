"""Fetching one person's national record for an intake (hanoi.art12.2.2.b): kept whole, or nothing at all.

Somebody waits for the answer, so a night of maintenance is said at once, not waited for: the command is
answered, its duty stays open, and the person asks again when the other side is back.
"""

from datetime import timedelta
from uuid import UUID

from temporalio import activity

from activities.national.adapter import (
    AccessRefusedError,
    KeyRevokedError,
    MaintenanceError,
    NationalError,
    NationalGateway,
    NationalRecord,
    PersonQuery,
    SeveralRecordsError,
    UnreachableError,
)
from activities.national.mappings import Mapping, ValueRefusedError
from activities.national.service import find_person
from activities.national.trouble import PAUSED, again, is_paused, tell_of_trouble
from models.database import Scope, transaction
from models.lifecycle.intake import NOT_FOUND
from models.messages import NationalPull, NationalPulled
from models.record import pulling
from models.record.tools import Tools

TRIES = 3
"""Attempts while no answer comes; each waits for the connection's own time-out."""
PAUSE = timedelta(seconds=1)

NUMBER = "citizen_id_number"


async def pull_record(
    tools: Tools, gateway: NationalGateway | None, mapping: Mapping, pull: NationalPull
) -> NationalPulled:
    """Fetch and keep the record; or the code of the problem that is the answer.

    Raises:
        ApplicationError: no answer came yet; the engine tries again, a few times.
    """
    if gateway is None:
        return NationalPulled(failure="national-not-configured")
    async with transaction(tools.engine, _scope(pull)) as connection:
        kept = await pulling.kept(connection, pull.command_id)
        number = await pulling.number_of(connection, tools, pull.authority_id, pull.profile_id)
    if kept is not None:
        return NationalPulled(record=kept)
    if number is None:
        return NationalPulled(failure="no-personal-number")
    if await is_paused(tools, pull.authority_id, pull.now):
        return NationalPulled(failure=PAUSED)  # somebody waits for the answer
    try:
        # The command's id is the reason the other side writes beside the look-up.
        found = await find_person(gateway, mapping, PersonQuery(str(pull.command_id), number))
        if found is None:
            return NationalPulled(failure=NOT_FOUND)
        record = await _keep(tools, mapping, pull, found)
    except ValueRefusedError as unreadable:
        return NationalPulled(failure="national-record-unreadable", path=unreadable.path[:120])
    except NationalError as error:
        return await _failed(tools, pull, error)
    return NationalPulled(record=record) if record else NationalPulled(failure="national-answer-broken")


async def _keep(tools: Tools, mapping: Mapping, pull: NationalPull, found: NationalRecord) -> UUID | None:
    """Keep it, unless it is somebody else's record."""
    content = mapping.to_content(found.body)
    async with transaction(tools.engine, _scope(pull)) as connection:
        theirs = await pulling.is_theirs(
            connection, tools, pull.authority_id, pull.profile_id, str(content.get(NUMBER, "-0"))
        )
        if not theirs:
            return None
        return await pulling.keep(
            connection,
            tools,
            pull.authority_id,
            profile_id=pull.profile_id,
            command_id=pull.command_id,
            now=pull.now,
            content=content,
            form=mapping.form,
            mapping=mapping.name,
            national_id=found.profile_id,
            held_by=found.held_by,
            status=found.status,
            digest=found.revision_digest,
        )


async def _failed(tools: Tools, pull: NationalPull, error: NationalError) -> NationalPulled:
    """The answer a failure is; whoever can mend it hears of it."""
    await tell_of_trouble(tools, pull.authority_id, error, pull.now)
    match error:
        case MaintenanceError():
            return NationalPulled(failure="national-maintenance", until=error.until.isoformat())
        case SeveralRecordsError():
            return NationalPulled(failure="several-national-records")
        case KeyRevokedError() | AccessRefusedError():
            return NationalPulled(failure="national-refused")
        case UnreachableError() if activity.info().attempt < TRIES:
            raise again(type(error).__name__, PAUSE)
        case UnreachableError():
            return NationalPulled(failure="national-unreachable")
        case _:
            return NationalPulled(failure="national-answer-broken")


def _scope(pull: NationalPull) -> Scope:
    return Scope(pull.authority_id, everything=True)
