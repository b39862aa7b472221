"""What an act writes of a second profile, in the same transaction: its rows, its events, its own row."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.database import Query, together
from models.lifecycle.outcome import Beside
from models.lifecycle.scene import Scene
from models.messages import Ask
from models.record.law_of import LawOf, Laws
from models.record.measuring import looking, measured
from models.record.subjects import saving_profile
from models.record.tools import Tools
from models.record.write import chain, end_of_stream, lines, written_rows
from models.record.writing import Writing


async def written_beside(
    connection: AsyncConnection,
    tools: Tools,
    ask: Ask,
    scene: Scene,
    beside: Beside,
    command_id: UUID | None,
    first: Sequence[Query],
) -> list[Query]:
    """Run ``first`` (the act's own writes), then the second profile's; what is left to write of it.

    Its row is locked by whoever decided; its ids come from the act's, but are none of the act's own.
    """
    life, outcome = beside.life, beside.outcome
    await together(connection, first)
    scene = replace(scene, act_id=uuid5(scene.act_id, "beside"))
    number, digest = await end_of_stream(connection, life.profile_id)
    common: dict[str, Any] = {
        "authority_id": ask.authority_id,
        "agency_id": life.agency_id,
        "profile_id": life.profile_id,
        "command_id": command_id,
    }
    events = chain(outcome, scene, life.profile_id, number, digest, **common)
    writing = Writing(ask.authority_id, life.profile_id, tools, ask.now)
    queries = await written_rows(connection, outcome, writing)
    queries += lines(outcome, scene, writing, events)
    queries.append(saving_profile(life, ask, outcome, events))
    *_, rows, last = await together(connection, [*queries, *looking([life.profile_id], ask.now)])
    # Measured by the law of who has it, which need not be that of who had the other.
    place = LawOf.unit(ask.authority_id, life.agency_id)
    law, calendar = await tools.law(connection, place, legal_date(ask.now))
    return [measured(tools, Laws(law, calendar), ask.now, rows, last)]
