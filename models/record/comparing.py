"""A comparison with the national database that policy orders: one after each month's end."""

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import legal_date
from models.lifecycle.outcome import Outcome
from models.lifecycle.scene import Scene
from models.record.install import record_on_authority
from models.record.law_of import LawOf
from models.record.tools import Tools

_ROOT = text("SELECT id FROM agencies WHERE parent_id IS NULL ORDER BY valid_from, id LIMIT 1")
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
    root: UUID = (await connection.execute(_ROOT)).scalar_one()
    law, calendar = await tools.law(connection, LawOf.authority(authority_id), legal_date(now))
    scene = Scene(
        now=now,
        law=law,
        calendar=calendar,
        policy=tools.policy,
        act_id=named,
        actor_id=None,
        actor_role="system",
        actor_profile_id=None,
        department_id=None,
        managing_agency_id=root,
    )
    out = Outcome().happened(
        "reconciliation.ordered", None, reconciliation=str(named), document=document, policy=True
    )
    await record_on_authority(connection, scene, authority_id, root, out)
    return named
