"""What a drafted plan touches, one by one: the rows behind the numbers of its preview.

The plan is held against the whole authority, as its numbers are; the rows are those of the reader's own scope
(row-level security), and a name stands only where the reader may read the file.
"""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.scope import Reading
from models.command_reorganisation import Plan
from models.database import Scope, transaction
from models.errors import RefusedError
from models.record.reorganisation_people import WHO, who
from models.record.reorganisation_rows import Judged, judge_plan
from models.record.tree import load_tree

What = Literal["people", "unplaced", "duties", "approvals", "transfers", "delegations", "accounts"]
"""The numbers of a preview that stand for rows."""


class TouchedLine(BaseModel):
    """One row that a plan touches."""

    id: UUID = Field(title="Mã", description="Của hồ sơ, nghĩa vụ, bản khai … / of what is touched")
    profile_id: UUID | None = Field(title="Hồ sơ")
    full_name: str | None = Field(
        title="Họ và tên", description="Khi người xem được đọc hồ sơ / where the reader may read the file"
    )
    agency_id: UUID = Field(title="Đang ở cơ quan, đơn vị")
    to_agency_id: UUID | None = Field(title="Sẽ về cơ quan, đơn vị")
    kind: str | None = Field(
        title="Loại",
        description="Loại nghĩa vụ, trạng thái bản khai hoặc việc chuyển, việc uỷ quyền, loại tài khoản",
    )


class TouchedLines(Page):
    """A page of them."""

    items: list[TouchedLine] = Field(title="Bị tác động")


_ROWS: dict[str, str] = {
    "people": "SELECT w.id, w.id AS profile_id, w.from_id AS agency_id, w.to_id, NULL AS kind FROM who w",
    "unplaced": "SELECT w.id, w.id AS profile_id, w.from_id AS agency_id, w.to_id, NULL AS kind FROM who w"
    " WHERE NOT w.placed",
    "duties": "SELECT d.id, d.profile_id, d.agency_id, w.to_id, d.slot AS kind FROM duties d"
    " LEFT JOIN who w ON w.id = d.profile_id WHERE d.state = 'open' AND (w.id IS NOT NULL"
    " OR d.profile_id IS NULL AND d.agency_id = ANY (CAST(:ended AS uuid[])))",
    "approvals": "SELECT r.id, r.profile_id, w.from_id AS agency_id, w.to_id, r.state AS kind"
    " FROM revisions r JOIN who w ON w.id = r.profile_id WHERE r.state IN ('submitted', 'signing')",
    "transfers": "SELECT c.id, c.profile_id, c.from_agency_id AS agency_id, c.to_agency_id AS to_id,"
    " c.state AS kind FROM cases c LEFT JOIN who w ON w.id = c.profile_id WHERE c.kind = 'transfer'"
    " AND c.closed_at IS NULL AND (w.id IS NOT NULL OR c.from_agency_id = ANY (CAST(:ended AS uuid[]))"
    " OR c.to_agency_id = ANY (CAST(:ended AS uuid[])))",
    "delegations": "SELECT d.id, CAST(NULL AS uuid) AS profile_id, d.agency_id, CAST(NULL AS uuid) AS to_id,"
    " d.what AS kind FROM delegations d WHERE d.state <> 'ended'"
    " AND d.agency_id = ANY (CAST(:ended AS uuid[]))",
    "accounts": "SELECT a.id, w.id AS profile_id, a.agency_id, w.to_id, a.kind FROM accounts a"
    " LEFT JOIN who w ON w.id = a.profile_id WHERE a.state <> 'cancelled'"
    " AND (w.id IS NOT NULL OR a.agency_id = ANY (CAST(:ended AS uuid[])))",
}
"""As ``models.record.touched`` counts them."""
_LIST = (
    "{who} SELECT o.*, p.full_name FROM ({rows}) o LEFT JOIN profiles p ON p.id = o.profile_id"
    " AND {readable} WHERE CAST(:last AS uuid) IS NULL OR o.id > CAST(:last AS uuid)"
    " ORDER BY o.id LIMIT :limit"
)


async def touched_lines(read: Reading, row: Any, what: What, limit: int, after: str | None) -> TouchedLines:
    """The rows, in the order of their ids; empty for a plan whose lines cannot be.

    Raises:
        RefusedError: ``malformed-request``.
    """
    key = key_of(after, UUID)
    judged = await _judged(read, row)
    if judged.compiled is None:
        return TouchedLines(items=[])
    where: list[str] = []
    values: dict[str, Any] = {
        **who(judged.compiled, judged.census),
        "ended": list(judged.compiled.ended),
        "last": key[0] if key else None,
        "limit": limit + 1,
    }
    try:
        await permits.profiles_within(read, where, values)
    except RefusedError:
        where = ["false"]  # who plans need not be let into files
    readable = " AND ".join(where) or "true"
    query = text(_LIST.format(who=WHO, rows=_ROWS[what], readable=readable))
    used = {name: value for name, value in values.items() if f":{name}" in query.text}
    rows, more = page((await read.connection.execute(query, used)).all(), limit)
    items = [
        TouchedLine(
            id=one.id,
            profile_id=one.profile_id,
            full_name=one.full_name,
            agency_id=one.agency_id,
            to_agency_id=one.to_id,
            kind=one.kind,
        )
        for one in rows
    ]
    return TouchedLines(items=items, next=cursor(rows[-1].id) if more else None)


async def _judged(read: Reading, row: Any) -> Judged:
    """The plan against everybody, not only those the reader sees: else it would not be the same plan."""
    scope = Scope(read.who.authority_id, everything=True, on=read.today)
    async with transaction(read.tools.engine, scope) as connection:
        tree = await load_tree(connection)
        return await judge_plan(connection, read.tools.shelf, Plan.model_validate(row.plan), row.id, tree)
