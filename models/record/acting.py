"""Whom a leaving names as acting head, and what the leaver heads: looked up before anything is decided."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.lifecycle.scene import Named, Scene

_HELD = (
    "g.role IN ('head', 'department_head') AND g.delegation_of IS NULL AND g.valid_from <= :day"
    " AND (g.valid_to IS NULL OR g.valid_to > :day)"
)
# The leaver's own unit comes first, where one person heads several.
_NAMED = text(
    "SELECT h.role, h.agency_id AS unit, n.id IS NOT NULL AND EXISTS (SELECT 1 FROM agency_closure c"  # noqa: S608 — a constant
    "   WHERE c.ancestor_id = h.agency_id AND c.descendant_id = n.agency_id AND c.valid_to IS NULL)"
    " AS of_unit, a.id AS account, EXISTS (SELECT 1 FROM grants g JOIN accounts x ON x.id = g.account_id"
    f"   WHERE x.profile_id = n.id AND g.agency_id = h.agency_id AND g.role = h.role AND {_HELD}) AS holds"
    " FROM (SELECT g.role, g.agency_id FROM grants g JOIN accounts x ON x.id = g.account_id"
    f"   WHERE x.profile_id = :leaver AND {_HELD}"
    "   ORDER BY g.agency_id = :custodian DESC, g.valid_from, g.id LIMIT 1) h"
    " LEFT JOIN profiles n ON n.id = :named AND n.chapter NOT IN ('separation', 'archive')"
    " LEFT JOIN accounts a ON a.id = n.account_id AND a.state = 'active' AND a.suspended_at IS NULL"
)


async def named(
    connection: AsyncConnection, profile_id: UUID, leaver: UUID, custodian: UUID | None, scene: Scene
) -> Named:
    """Who is named, as far as the decision asks; that somebody of another unit exists is not told."""
    values = {"named": profile_id, "leaver": leaver, "custodian": custodian, "day": scene.today}
    row = (await connection.execute(_NAMED, values)).one_or_none()
    if row is None:
        return Named(profile_id)
    return Named(profile_id, row.role, row.unit, row.of_unit, row.account, row.holds)
