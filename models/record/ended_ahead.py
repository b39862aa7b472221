"""The end of a unit by itself, decided before its day and looked at again on it; a change taken back.

A unit that is not empty on that day goes on: the end is taken back as whoever decided it could have done
until then, and they hear what is left in it.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import together
from models.errors import RefusedError
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.lifecycle.tree_acts import attempt, undoing
from models.record.authority_stream import record_on_authority
from models.record.left_behind import close_own, left_behind, own_open
from models.record.sql import inserting
from models.record.tree import keep_tree, locked_tree

LOOKED = timedelta(days=31)
"""How long after its day such an end is looked at, should nobody have looked before."""
_AHEAD = text(
    "SELECT c.id, c.agency_id, c.operation, c.effective_on, c.facts, c.document, c.actor_id"
    " FROM agency_changes c JOIN agency_spans s ON s.agency_id = c.agency_id"
    " AND s.valid_from = c.effective_on AND s.ended AND s.valid_to IS NULL"
    " WHERE c.operation = 'end' AND c.withdrawn_at IS NULL AND c.case_id IS NULL AND c.effective_on <= :on"
    " AND c.effective_on > greatest(CAST(:since AS date),"
    "   (c.recorded_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) ORDER BY c.effective_on, c.id"
)
_WITHDRAWN = text(
    "UPDATE agency_changes SET withdrawn_at = :now WHERE id = :id OR :ends AND operation = 'succeed'"
    " AND agency_id = :agency AND effective_on = :on AND case_id IS NULL AND withdrawn_at IS NULL"
)
_UNLINKED = text("DELETE FROM agency_links WHERE predecessor_id = :agency AND effective_on = :on")


async def take_back(connection: AsyncConnection, change: Any, now: datetime) -> None:
    """Mark a recorded change as taken back; a unit that does not end has no successor either."""
    ends = change.operation == "end"
    values = {"agency": change.agency_id, "on": change.effective_on}
    queries = [(_WITHDRAWN, {**values, "id": change.id, "ends": ends, "now": now})]
    await together(connection, [*queries, *([(_UNLINKED, values)] if ends else [])])


async def ends_to_see_to(connection: AsyncConnection, on: date) -> bool:
    """Whether the end of some unit, decided before its day, has come and is to be seen to."""
    for change in await _ahead(connection, on):
        if await left_behind(connection, [change.agency_id], on) or await own_open(
            connection, change.agency_id, change.effective_on
        ):
            return True
    return False


async def see_to_ends(connection: AsyncConnection, authority_id: UUID, scene: Scene, top: UUID) -> int:
    """Take back the ends of units that are not empty, complete the others; answers how many went on.

    Where the tree does not bear it (another has the code since), the end stands and `hoso reconcile` names
    what is left there.
    """
    went_on = 0
    for change in await _ahead(connection, scene.today):
        left = (await left_behind(connection, [change.agency_id], scene.today)).get(change.agency_id)
        if not left:
            await close_own(connection, change.agency_id, change.effective_on)
        elif await _goes_on(connection, authority_id, change, scene):
            await _tell(connection, authority_id, change, left, scene, top)
            went_on += 1
    return went_on


async def _goes_on(connection: AsyncConnection, authority_id: UUID, change: Any, scene: Scene) -> bool:
    tree = await locked_tree(connection, authority_id)
    try:
        after = attempt(tree, [undoing(change.agency_id, change.effective_on, change.facts["undo"])], None)
    except RefusedError:
        return False
    await keep_tree(connection, authority_id, tree, after, scene.today)
    await take_back(connection, change, scene.now)
    return True


async def _tell(
    connection: AsyncConnection,
    authority_id: UUID,
    change: Any,
    left: dict[str, int],
    scene: Scene,
    top: UUID,
) -> None:
    facts: dict[str, Any] = {
        "agency": str(change.agency_id),
        "change": str(change.id),
        "on": change.effective_on.isoformat(),
        "document": change.document,
        "left": left,
    }
    out = Outcome().happened("agency.change_withdrawn", None, **facts, reason="agency-occupied")
    await record_on_authority(connection, scene, authority_id, change.agency_id, out)
    common = {"authority_id": authority_id, "kind": "agency_end_taken_back", "facts": facts}
    common |= {"citation": None, "due_on": None, "duty_id": None, "profile_id": None, "created_at": scene.now}
    told = [{"account_id": None, "agency_id": top, "role": "administrator"}]
    if change.actor_id is not None:
        told.append({"account_id": change.actor_id, "agency_id": change.agency_id, "role": None})
    rows = [{"id": uuid5(change.id, f"taken-back:{n}"), **common, **one} for n, one in enumerate(told)]
    await together(connection, [inserting("notices", row) for row in rows])


async def _ahead(connection: AsyncConnection, on: date) -> list[Any]:
    return list(await connection.execute(_AHEAD, {"on": on, "since": on - LOOKED}))
