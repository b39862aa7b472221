"""What happened to a profile or a case: our events for ever, joined with the engine's while retained."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from temporalio.client import Client

from api.paging import Page, cursor, key_of, page
from api.reading import changes, delegations, engine, permits
from api.reading.engine import EnginePart
from api.scope import Reading
from models.access import Verb
from models.errors import RefusedError
from models.identifiers import agency_month_workflow, delegation_workflow, profile_workflow, transfer_workflow
from models.lifecycle.life import Chapter


class Timeline(Page):
    """Our events in order, and the engine's part of the same workflow."""

    workflow_id: str = Field(title="Mã quy trình")
    events: list[changes.Event] = Field(title="Sự kiện")
    engine: EnginePart = Field(title="Phần của máy quy trình")


_BY_PROFILE = "SELECT {columns} FROM events e WHERE e.profile_id = :id AND e.position > :last"
_BY_STREAM = "SELECT {columns} FROM events e WHERE e.stream_id = :id AND e.position > :last"
_BY_CASE = (
    "SELECT {columns} FROM events e WHERE e.profile_id = :profile AND e.facts ->> 'case' = :case"
    " AND e.position > :last"
)
_CASE = text(
    "SELECT k.profile_id, k.from_agency_id, k.to_agency_id, p.agency_id AS held_by, p.chapter FROM cases k"
    " LEFT JOIN profiles p ON p.id = k.profile_id WHERE k.id = :id AND k.kind = 'transfer'"
)
_BY_DELEGATION = (
    "SELECT {columns} FROM events e WHERE (e.stream_id = :id OR e.delegation_id = :id) AND e.position > :last"
)
_MONTH = text("SELECT agency_id, month FROM agency_months WHERE id = :id")


async def of_profile(
    read: Reading, client: Client | None, profile_id: UUID, limit: int, after: str | None
) -> Timeline:
    """A person's working life, act by act."""
    level = (await permits.profile(read, profile_id, "read_own", "read_profile", "inspect_workflow")).level
    return await _told(
        read, client, profile_workflow(profile_id), _BY_PROFILE, {"id": profile_id}, limit, after, level
    )


async def of_transfer(
    read: Reading, client: Client | None, case_id: UUID, limit: int, after: str | None
) -> Timeline:
    """One transfer; both sides see what lies in their scope.

    The transfer itself is shown, unnamed, to whoever's scope holds it; its story is for who reads files on
    one of its sides, inspects workflows there, or is the person.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = (await read.connection.execute(_CASE, {"id": case_id})).one_or_none()
    if row is None:
        raise permits.missing()
    if not read.who.is_about(row.profile_id):
        reading = Verb.READ_ARCHIVE if row.chapter == Chapter.ARCHIVE else Verb.READ_PROFILE
        sides = [one for one in (row.held_by, row.from_agency_id, row.to_agency_id) if one is not None]
        await _one_of(read, (reading, Verb.INSPECT_WORKFLOW), sides, about=row.profile_id)
    values = {"profile": row.profile_id, "case": str(case_id)}
    return await _told(read, client, transfer_workflow(case_id), _BY_CASE, values, limit, after)


async def of_delegation(
    read: Reading, client: Client | None, delegation_id: UUID, limit: int, after: str | None
) -> Timeline:
    """One delegation, and what was done by it as far as the asker may see."""
    await delegations.one(read, delegation_id)
    workflow_id = delegation_workflow(delegation_id)
    return await _told(read, client, workflow_id, _BY_DELEGATION, {"id": delegation_id}, limit, after)


async def of_agency_month(
    read: Reading, client: Client | None, month_id: UUID, limit: int, after: str | None
) -> Timeline:
    """One agency's month, for who reads its people's files or its reports, or inspects workflows there.

    Raises:
        RefusedError: ``not-found``, ``not-permitted``.
    """
    row = (await read.connection.execute(_MONTH, {"id": month_id})).one_or_none()
    if row is None:
        raise permits.missing()
    await _one_of(read, (Verb.READ_PROFILE, Verb.READ_REPORTS, Verb.INSPECT_WORKFLOW), [row.agency_id])
    workflow_id = agency_month_workflow(row.agency_id, row.month)
    return await _told(read, client, workflow_id, _BY_STREAM, {"id": month_id}, limit, after)


async def _told(
    read: Reading,
    client: Client | None,
    workflow_id: str,
    source: str,
    values: dict[str, object],
    limit: int,
    after: str | None,
    level: int | None = None,
) -> Timeline:
    """``level``: up to which one person's fields are named; None: as far as everybody's in reach."""
    known = await permits.level_everywhere(read) if level is None else level
    key = key_of(after, int)
    query = text(f"{source.format(columns=changes.COLUMNS)} ORDER BY e.position LIMIT :limit")
    bound = {**values, "last": key[0] if key is not None else 0, "limit": limit + 1}
    rows, more = page((await read.connection.execute(query, bound)).all(), limit)
    return Timeline(
        workflow_id=workflow_id,
        events=[changes.event_for(read, row, known) for row in rows],
        next=cursor(rows[-1].position) if more else None,
        engine=await engine.part(client, workflow_id, decode=await _inspects(read)),
    )


async def _one_of(
    read: Reading, verbs: Sequence[str], agencies: Iterable[UUID], *, about: UUID | None = None
) -> None:
    """Let pass who may do one of ``verbs`` at one of ``agencies``; otherwise the first refusal."""
    first: RefusedError | None = None
    for agency_id in dict.fromkeys(agencies):
        for verb in verbs:
            try:
                await permits.at(read, verb, agency_id, about=about)
            except RefusedError as refused:
                first = first or refused
            else:
                return
    raise first or permits.missing()


async def _inspects(read: Reading) -> bool:
    """Whether the asker may see what the engine carried."""
    try:
        return (await permits.within(read, "inspect_workflow")).everywhere
    except RefusedError:
        return False
