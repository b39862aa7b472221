"""What the department sent back of a profile, read where the profile is looked at."""

from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import together
from models.lifecycle.life import Life
from models.lifecycle.sent_back import SentBack

# The newest list says how the revision stands. A newer submission that waits is the answer already, and what
# was asked for once, met or not, is not asked for again.
_SENT_BACK = text(
    "SELECT i.agency_month_id, r.id, r.number, r.form_version, i.reason, i.refusal FROM profiles p"
    " JOIN revisions r ON r.id = p.approved_revision_id"
    " CROSS JOIN LATERAL (SELECT x.* FROM month_items x JOIN agency_months m ON m.id = x.agency_month_id"
    "   WHERE x.profile_id = p.id AND x.revision_id = r.id ORDER BY m.opened_at DESC, m.id LIMIT 1) i"
    " WHERE p.id = :id AND p.pending_revision_id IS NULL AND i.state = 'sent_back'"
    " AND NOT EXISTS (SELECT 1 FROM duties d WHERE d.profile_id = p.id"
    "   AND (d.facts ->> 'sent_back')::int = r.number)"
)


async def with_sent_back(connection: AsyncConnection, life: Life) -> Life:
    """The profile with what came back from the gate and nobody was asked to mend so far."""
    if life.approved_revision_id is None or life.pending is not None:
        return life
    (rows,) = await together(connection, [(_SENT_BACK, {"id": life.profile_id})])
    if not rows:
        return life
    (row,) = rows
    back = SentBack(
        list_id=row.agency_month_id,
        revision_id=row.id,
        number=row.number,
        form=row.form_version,
        reason=row.reason or "",
        fields=tuple((row.refusal or {}).get("fields", ())),
    )
    return replace(life, sent_back=back)
