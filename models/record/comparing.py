"""A comparison with the national database that policy orders: one after each month's end."""

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.outcome import Outcome
from models.record.authority_stream import authority_scene, record_on_authority
from models.record.tools import Tools

_ORDER = text(
    "INSERT INTO reconciliations (id, authority_id, state, document, ordered_at, cursor, compared)"
    " SELECT :id, :authority, 'theirs', :document, :now, '', 0"
    " WHERE NOT EXISTS (SELECT 1 FROM reconciliations WHERE state <> 'done') ON CONFLICT DO NOTHING"
    " RETURNING id"
)
_STANDING = text("SELECT id FROM reconciliations WHERE id = :id AND state <> 'done'")


async def order_after(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, month: str, now: datetime
) -> UUID | None:
    """The comparison after a month's end that is still to be carried through; ordered here the first time.

    None where policy wants none, where it is done, and where another is under way: two would repair the same
    things twice.
    """
    if not tools.policy.reconciliations.after_month_end:
        return None
    named = uuid5(authority_id, f"reconciliation:{month}")
    document = f"Chính sách: đối soát sau kỳ cuối tháng {month}"
    values = {"id": named, "authority": authority_id, "document": document, "now": now}
    if await connection.scalar(_ORDER, values) is None:
        found: UUID | None = await connection.scalar(_STANDING, {"id": named})
        return found
    scene = await authority_scene(connection, tools, authority_id, named, now)
    out = Outcome().happened(
        "reconciliation.ordered", None, reconciliation=str(named), document=document, policy=True
    )
    await record_on_authority(connection, scene, authority_id, scene.managing_agency_id, out)
    return named
