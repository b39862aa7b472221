"""What happened to a profile or a case: our events for ever, joined with the engine's while retained."""

from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from temporalio.client import Client

from api.paging import Page, cursor, key_of, page
from api.reading import changes, delegations, engine, permits
from api.reading.engine import EnginePart
from api.scope import Reading
from models.errors import RefusedError
from models.identifiers import agency_month_workflow, delegation_workflow, profile_workflow, transfer_workflow


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
_CASE = text("SELECT id, profile_id FROM cases WHERE id = :id AND kind = 'transfer'")
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
    """One transfer; both sides see what lies in their scope."""
    row = (await read.connection.execute(_CASE, {"id": case_id})).one_or_none()
    if row is None:
        raise permits.missing()
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
    """One agency's month."""
    row = (await read.connection.execute(_MONTH, {"id": month_id})).one_or_none()
    if row is None:
        raise permits.missing()
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


async def _inspects(read: Reading) -> bool:
    """Whether the asker may see what the engine carried."""
    try:
        return (await permits.within(read, "inspect_workflow")).everywhere
    except RefusedError:
        return False
