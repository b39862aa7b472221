"""What changed on each item since it was last approved, in words of the form, and how closely to look at it.

Written beside the item once per revision, so that a list of thousands is ordered and shown without opening
them all again; a batch that was cut off goes on with the items that are not described yet.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from models.database import Query, Scope, together, transaction
from models.form import catalogue, diff
from models.form.risk import FIRST, risk_of
from models.record.load import contents_of
from models.record.sets import in_sets
from models.record.sql import updating
from models.record.tools import Tools

AT_ONCE = 200
FIRST_WORDS = "Khai lần đầu"

_UNDESCRIBED = text(
    "SELECT i.profile_id, i.revision_id, i.digest, r.form_version, b.id AS before"
    " FROM month_items i JOIN revisions r ON r.id = i.revision_id JOIN profiles p ON p.id = i.profile_id"
    # Not what was last sent: that may be older, and the approver has seen what came after it.
    " LEFT JOIN revisions b ON b.id = p.approved_revision_id AND b.profile_id = p.id"
    " AND b.id <> i.revision_id WHERE i.agency_month_id = :month AND i.state = 'listed'"
    " AND (CAST(:chosen AS uuid[]) IS NULL OR i.profile_id = ANY (CAST(:chosen AS uuid[])))"
    " AND i.described IS DISTINCT FROM i.digest ORDER BY i.profile_id LIMIT :most"
)


async def describe(
    tools: Tools,
    authority_id: UUID,
    month_id: UUID,
    chosen: Sequence[UUID] | None,
    tell: Callable[[int], Awaitable[None]],
    *,
    most: int | None = None,
) -> bool:
    """Describe what waits and is not described yet: all of the list, or the chosen.

    ``tell`` hears how many this run has described. With ``most`` it describes no more than so many; answers
    whether there are others.
    """
    scope = Scope(authority_id, everything=True)
    named = list(chosen) if chosen is not None else None
    values = {"month": month_id, "chosen": named, "most": min(AT_ONCE, most or AT_ONCE)}
    done = 0
    while True:
        async with transaction(tools.engine, scope) as connection:
            rows = (await connection.execute(_UNDESCRIBED, values)).all()
            if not rows or (most is not None and done >= most):
                return bool(rows)
            wanted = {one for row in rows for one in (row.revision_id, row.before) if one is not None}
            contents = await contents_of(connection, tools, authority_id, list(wanted))
            described = await asyncio.to_thread(_in_words, month_id, rows, contents)
            await together(connection, in_sets([[one] for one in described]))
        await tell(done := done + len(rows))


def _in_words(month_id: UUID, rows: Sequence[Any], contents: dict[UUID, dict[str, Any]]) -> list[Query]:
    found: list[Query] = []
    for row in rows:
        words, risk = [FIRST_WORDS], FIRST
        if row.before is not None:
            form = catalogue(row.form_version)
            changes = diff(form, contents[row.before], contents[row.revision_id])
            words = list(dict.fromkeys(change.label for change in changes))
            risk = risk_of(form, changes)
        item = {"agency_month_id": month_id, "profile_id": row.profile_id, "digest": row.digest}
        said = {"changes": words, "risk": risk, "described": row.digest}
        found.append(updating("month_items", item, said))
    return found
