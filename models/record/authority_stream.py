"""The authority's own stream: what happened to it as a whole, told at the top of the tree."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.record.law_of import LawOf
from models.record.tools import Tools
from models.record.write import chain, end_of_stream
from models.tables import EventRow

TOP = text("SELECT hoso_top()")
"""The unit that stands at the top on the transaction's day: another may have taken its place."""
_HOLD = text("SELECT authority_id FROM authorities WHERE authority_id = :id FOR NO KEY UPDATE")


async def authority_scene(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, act_id: UUID, now: datetime
) -> Scene:
    """The authority's law and calendar of the day, at its top; nobody acts."""
    root: UUID = (await connection.execute(TOP)).scalar_one()
    law, calendar = await tools.law(connection, LawOf.authority(authority_id), legal_date(now))
    return Scene(
        now=now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=act_id,
        actor_id=None,
        actor_role="system",
        actor_profile_id=None,
        department_id=None,
        managing_agency_id=root,
    )


async def record_on_authority(
    connection: AsyncConnection, scene: Scene, authority_id: UUID, agency_id: UUID, outcome: Outcome
) -> int:
    """Chain the outcome's events to the authority's own stream, its row locked; answers how many."""
    if not outcome.events:
        return 0
    await connection.execute(_HOLD, {"id": authority_id})
    number, digest = await end_of_stream(connection, authority_id)
    common = {"authority_id": authority_id, "agency_id": agency_id, "profile_id": None, "command_id": None}
    events = chain(outcome, scene, authority_id, number, digest, **common)
    await connection.execute(insert(EventRow), events)
    return len(events)
