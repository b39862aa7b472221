"""What a unit would leave behind if it ended: people, files, duties, cases, lists, rights; counted, by unit.

Asked before a unit is ended by itself, and again on the day where that was decided ahead: what a plan of
reorganisation passes on to an heir has none here.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import together

HELD = ("people", "archived", "duties", "cases")
"""What `hoso reconcile` names at a unit that has ended: whose keeper and whose post stands no longer."""

_LEFT = text(
    "SELECT o.agency_id, o.what, count(*) AS n FROM ("
    " SELECT agency_id, CASE chapter WHEN 'archive' THEN 'archived' ELSE 'people' END AS what FROM profiles"
    "   WHERE agency_id = ANY (:agencies)"
    " UNION ALL SELECT agency_id, 'duties' FROM duties WHERE state = 'open' AND agency_id = ANY (:agencies)"
    " UNION ALL SELECT from_agency_id, 'cases' FROM cases WHERE closed_at IS NULL"
    "   AND from_agency_id = ANY (:agencies)"
    " UNION ALL SELECT to_agency_id, 'cases' FROM cases WHERE closed_at IS NULL"
    "   AND to_agency_id = ANY (:agencies) AND to_agency_id <> from_agency_id"
    " UNION ALL SELECT agency_id, 'cases' FROM shares WHERE ended_at IS NULL AND agency_id = ANY (:agencies)"
    " UNION ALL SELECT agency_id, 'lists' FROM agency_months WHERE state <> 'closed'"
    "   AND agency_id = ANY (:agencies)"
    " UNION ALL SELECT agency_id, 'reports' FROM review_reports WHERE state IN ('open', 'signing')"
    "   AND agency_id = ANY (:agencies)"
    " UNION ALL SELECT agency_id, 'breaches' FROM breaches WHERE state <> 'closed'"
    "   AND agency_id = ANY (:agencies)"
    " UNION ALL SELECT agency_id, 'delegations' FROM delegations WHERE state <> 'ended'"
    "   AND agency_id = ANY (:agencies)"
    " UNION ALL SELECT agency_id, 'accounts' FROM accounts WHERE kind <> 'personal' AND state <> 'cancelled'"
    "   AND agency_id = ANY (:agencies)"
    " UNION ALL SELECT g.agency_id, 'posts' FROM grants g WHERE g.agency_id = ANY (:agencies)"
    "   AND (g.valid_to IS NULL OR g.valid_to > greatest(:on, g.valid_from))"
    " UNION ALL SELECT p.agency_id, 'posts' FROM post_holders h JOIN agency_posts p ON p.id = h.post_id"
    "   WHERE h.grant_id IS NULL AND p.agency_id = ANY (:agencies)"
    "   AND (h.valid_to IS NULL OR h.valid_to > greatest(:on, h.valid_from))"
    " UNION ALL SELECT u.unit, 'plans' FROM reorganisations r, unnest(r.units) AS u (unit)"
    "   WHERE r.state IN ('approved', 'executing') AND u.unit = ANY (:agencies)"
    " UNION ALL SELECT i.office, 'offices' FROM authorities a,"
    "   unnest(ARRAY[a.department_id, a.ict_department_id]) AS i (office) WHERE i.office = ANY (:agencies)"
    ") o GROUP BY 1, 2 ORDER BY 1, 2"
)
_ENDED = text(
    "SELECT agency_id, code FROM agency_spans WHERE ended AND valid_from <= :on"
    " AND (valid_to IS NULL OR valid_to > :on)"
)
# Posts that nobody holds and staffing are the unit's own and end with it; they stand if it does not end.
_POSTS_END = text(
    "UPDATE agency_posts SET valid_to = greatest(valid_from, :on) WHERE agency_id = :agency"
    " AND (valid_to IS NULL OR valid_to > :on)"
)
_QUOTAS_END = text(
    "UPDATE agency_quotas SET valid_to = greatest(valid_from, :on) WHERE agency_id = :agency"
    " AND (valid_to IS NULL OR valid_to > :on)"
)

_OWN = text(
    "SELECT EXISTS (SELECT 1 FROM agency_posts WHERE agency_id = :agency"
    "   AND (valid_to IS NULL OR valid_to > :on))"
    " OR EXISTS (SELECT 1 FROM agency_quotas WHERE agency_id = :agency"
    "   AND (valid_to IS NULL OR valid_to > :on))"
)


async def left_behind(
    connection: AsyncConnection, agencies: Collection[UUID], on: date
) -> dict[UUID, dict[str, int]]:
    """What each would leave behind if it ended on a day, by what it is; nothing for one that is empty."""
    found: dict[UUID, dict[str, int]] = {}
    for row in await connection.execute(_LEFT, {"agencies": sorted(agencies), "on": on}):
        found.setdefault(row.agency_id, {})[row.what] = row.n
    return found


async def bereft(connection: AsyncConnection, on: date) -> list[str]:
    """Custody, duties and cases at units that have ended: ``code: what count``, as people read it."""
    codes = {row.agency_id: row.code for row in await connection.execute(_ENDED, {"on": on})}
    if not codes:
        return []
    left = await left_behind(connection, codes, on)
    return sorted(
        f"{codes[agency]} ({agency}): {what} {count}"
        for agency, found in left.items()
        for what, count in found.items()
        if what in HELD
    )


async def close_own(connection: AsyncConnection, agency: UUID, on: date) -> None:
    """Vacant posts and staffing of a unit that ends, ended with it."""
    values = {"agency": agency, "on": on}
    await together(connection, [(_POSTS_END, values), (_QUOTAS_END, values)])


async def own_open(connection: AsyncConnection, agency: UUID, on: date) -> bool:
    """Whether some post or staffing of the unit goes on beyond a day."""
    found: bool = await connection.scalar(_OWN, {"agency": agency, "on": on})
    return found
