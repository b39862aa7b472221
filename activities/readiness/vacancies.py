"""Units whose head left: told each morning to the head above and to HR until somebody is put in or acts.

The texts have each agency's head answer for its files, and none says how long the post may stand empty; so
asking for an acting head, again each week, and asking one level higher once it has stood long, is policy.
Nothing hangs on the person: steps and duties are the post's, and whoever answers for a unit meanwhile is the
nearest head above it that can be reached.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.notifications.notices import notify_post
from models.calendar import legal_date
from models.command_accounts import Appoint
from models.database import Scope, transaction
from models.lifecycle.acting import call
from models.record.tools import Tools

KIND = "head_vacant"
HEADS = ("head", "department_head")
LONG = timedelta(days=30)
"""Policy: a post that has stood empty so long is told one head higher, too."""
PROPOSALS = 3

# A post is empty where somebody held it and nobody who can be reached holds it on the day, also acting.
_VACANT = text(
    "SELECT g.agency_id, g.role, max(coalesce(g.valid_to, CAST(:day AS date))) AS since FROM grants g"
    " JOIN accounts a ON a.id = g.account_id WHERE g.role = ANY (:heads) AND g.delegation_of IS NULL"
    " AND g.valid_from <= :day AND NOT EXISTS (SELECT 1 FROM agency_spans s WHERE s.agency_id = g.agency_id"
    "   AND s.ended AND s.valid_from <= :day AND (s.valid_to IS NULL OR s.valid_to > :day))"
    " GROUP BY 1, 2 HAVING NOT bool_or((g.valid_to IS NULL OR g.valid_to > :day) AND a.state = 'active'"
    "   AND a.suspended_at IS NULL) ORDER BY 1, 2"
)
_ABOVE = text(
    "SELECT c.ancestor_id AS agency_id, g.role FROM agency_closure c JOIN grants g"
    " ON g.agency_id = c.ancestor_id JOIN accounts a ON a.id = g.account_id"
    " WHERE c.descendant_id = :agency AND c.valid_to IS NULL AND c.depth >= :least AND g.role = ANY (:roles)"
    " AND g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)"
    " AND a.state = 'active' AND a.suspended_at IS NULL GROUP BY 1, 2, c.depth ORDER BY c.depth LIMIT 2"
)
_DEPARTMENT = text(
    "SELECT u.department_id AS agency_id, g.role FROM authorities u JOIN grants g"
    " ON g.agency_id = u.department_id JOIN accounts a ON a.id = g.account_id"
    " WHERE g.role IN ('department_head', 'department_officer') AND g.valid_from <= :day"
    " AND (g.valid_to IS NULL OR g.valid_to > :day) AND a.state = 'active' AND a.suspended_at IS NULL"
    " GROUP BY 1, 2 ORDER BY 2 LIMIT 1"
)
_DEPUTIES = text(
    "SELECT h.account_id FROM post_holders h JOIN agency_posts p ON p.id = h.post_id"
    " JOIN accounts a ON a.id = h.account_id WHERE p.agency_id = :agency AND p.kind = 'deputy'"
    " AND h.valid_from <= :day AND (h.valid_to IS NULL OR h.valid_to > :day)"
    " AND a.state = 'active' AND a.suspended_at IS NULL ORDER BY h.valid_from, h.id LIMIT :most"
)


# Named with the leaving, and nobody has been put in since; the newest leaving counts.
_NAMED = text(
    "SELECT a.id, c.document FROM cases c JOIN accounts a ON a.id = CAST(c.facts -> 'acting_head'"
    " ->> 'account' AS uuid) AND a.state = 'active' AND a.suspended_at IS NULL"
    " WHERE c.kind IN ('separation', 'transfer')"
    " AND CAST(c.facts -> 'acting_head' ->> 'agency' AS uuid) = :agency"
    " AND c.facts -> 'acting_head' ->> 'post' = :post"
    " AND c.state NOT IN ('cancelled', 'refused', 'withdrawn')"
    " AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.agency_id = :agency AND g.role = :post"
    "   AND g.delegation_of IS NULL AND g.valid_from >= c.effective_on)"
    " ORDER BY c.opened_at DESC, c.id LIMIT 1"
)


async def heads_over(
    connection: AsyncConnection, agency_id: UUID, day: date, *, least: int = 0
) -> list[tuple[UUID, str]]:
    """Who answers for a unit on a day: the nearest head that can be reached, and the one above that.

    Never empty while anybody of the department can be reached, whoever leaves below it.
    """
    values = {"agency": agency_id, "day": day, "least": least, "roles": list(HEADS)}
    found = [(row.agency_id, row.role) for row in await connection.execute(_ABOVE, values)]
    if len(found) < 2:  # nobody higher in the tree: the department that keeps the database stands over all
        found += [(row.agency_id, row.role) for row in await connection.execute(_DEPARTMENT, {"day": day})]
    return [one for one in dict.fromkeys(found) if least == 0 or one[0] != agency_id][:2]


async def warn_of_vacancies(tools: Tools, scope: Scope, now: datetime) -> int:
    """Tell of every head's post that stands empty, once a week as long as it does. How many there are."""
    day = legal_date(now)
    async with transaction(tools.engine, scope) as connection:
        vacant = list(await connection.execute(_VACANT, {"day": day, "heads": list(HEADS)}))
        for row in vacant:
            await _tell(connection, scope.authority, row, day, now)
    return len(vacant)


async def _tell(connection: AsyncConnection, authority_id: UUID, row: Any, day: date, now: datetime) -> None:
    year, week, _ = day.isocalendar()
    above = await heads_over(connection, row.agency_id, day, least=1)
    told: Sequence[tuple[UUID, str]] = above if day - row.since >= LONG else above[:1]
    near = {"agency": row.agency_id, "day": day, "least": 0, "roles": ["hr_officer"]}
    hr = [(one.agency_id, one.role) for one in await connection.execute(_ABOVE, near)][:1]
    deputies = {"agency": row.agency_id, "day": day, "most": PROPOSALS}
    acting = [str(one) for one in (await connection.execute(_DEPUTIES, deputies)).scalars()]
    named = await _named(connection, row)
    if named:
        acting = list(dict.fromkeys([named["account"], *acting]))
    for agency_id, role in [*told, *hr] or [(row.agency_id, "hr_officer")]:
        await notify_post(
            connection,
            authority_id,
            agency_id=agency_id,
            role=role,
            kind=KIND,
            once=f"{row.agency_id}:{row.role}:{year}-{week}",
            now=now,
            agency=str(row.agency_id),
            post=row.role,
            since=row.since.isoformat(),
            proposals=acting,
            **({"call": named["call"]} if named else {}),
            policy=True,
        )


async def _named(connection: AsyncConnection, row: Any) -> dict[str, Any]:
    """Whom the head's leaving proposed, with the call that appoints from the day it is sent; or empty."""
    values = {"agency": row.agency_id, "post": row.role}
    found = (await connection.execute(_NAMED, values)).one_or_none()
    if found is None:
        return {}
    body = Appoint(role=row.role, agency_id=row.agency_id, acting=True, document=found.document)
    return {"account": str(found.id), "call": call(found.id, body)}
