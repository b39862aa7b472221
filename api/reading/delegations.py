"""Delegations: given, received, and those over the asker's part of the tree."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.reading.steps import Call, calls
from api.scope import Reading
from models.access import Verb, delegables, in_force, reach
from models.errors import RefusedError
from models.lifecycle.delegation import END_VI, STATE_VI
from models.record.actors import delegation_of

Side = Literal["given", "received", "agency"]


class Delegation(BaseModel):
    """A right lent by one account to another."""

    id: UUID = Field(title="Uỷ quyền")
    what: str = Field(title="Việc được uỷ quyền", description="approval, account_creation, sync")
    what_vi: str = Field(title="Việc được uỷ quyền bằng lời")
    delegator_id: UUID = Field(title="Tài khoản uỷ quyền")
    delegator: str | None = Field(title="Người uỷ quyền", description="Không có khi ngoài phạm vi")
    delegate_id: UUID = Field(title="Tài khoản nhận uỷ quyền")
    delegate: str | None = Field(title="Người nhận uỷ quyền", description="Không có khi ngoài phạm vi")
    role: str = Field(title="Vai trò của người uỷ quyền")
    agency_id: UUID = Field(title="Cơ quan, đơn vị", description="Gồm cả các đơn vị trực thuộc")
    agency: str = Field(title="Tên cơ quan, đơn vị")
    through: UUID | None = Field(title="Uỷ quyền gốc", description="Khi uỷ quyền lại")
    valid_from: date = Field(title="Từ ngày")
    valid_to: date = Field(title="Đến trước ngày", description="Ngày đầu tiên không còn uỷ quyền")
    document: str = Field(title="Văn bản uỷ quyền")
    agreement: str | None = Field(title="Văn bản thống nhất của cơ quan quản lý")
    agreed_on: date | None = Field(title="Ngày thống nhất")
    citation: str | None = Field(title="Căn cứ")
    state: str = Field(title="Trạng thái", description="waiting, granted, ended")
    state_vi: str = Field(title="Trạng thái bằng lời")
    in_force: bool = Field(title="Có hiệu lực hôm nay", description="Xét cả quyền hiện có của người uỷ quyền")
    ended_at: datetime | None = Field(title="Chấm dứt lúc")
    end_reason: str | None = Field(title="Vì sao chấm dứt")
    end_reason_vi: str | None = Field(title="Vì sao chấm dứt, bằng lời")
    reason: str | None = Field(title="Lý do của người chấm dứt")
    created_at: datetime = Field(title="Uỷ quyền lúc")
    calls: list[Call] = Field(title="Lời gọi có thể thực hiện")


class Delegations(Page):
    """A page of delegations, the newest first."""

    items: list[Delegation] = Field(title="Uỷ quyền")


COLUMNS = (
    "SELECT d.*, giver.display_name AS delegator, receiver.display_name AS delegate, g.name AS agency,"
    " hoso_delegation(d.id, 5) AS standing FROM delegations d JOIN agencies g ON g.id = d.agency_id"
    " LEFT JOIN accounts giver ON giver.id = d.delegator_id"
    " LEFT JOIN accounts receiver ON receiver.id = d.delegate_id"
)
_BELOW = (
    "(:everywhere OR d.agency_id IN (SELECT descendant_id FROM agency_closure"
    " WHERE ancestor_id = ANY (CAST(:agencies AS uuid[])) AND valid_to IS NULL))"
)
_WHERE: dict[Side, str] = {
    "given": "CAST(:account AS uuid) = ANY (d.parties)",
    "received": "d.delegate_id = CAST(:account AS uuid)",
    "agency": _BELOW,
}
_ONE = text(
    f"{COLUMNS} WHERE d.id = :id AND ({_WHERE['given']} OR {_WHERE['received']} OR {_WHERE['agency']})"
)


def _values(read: Reading) -> dict[str, Any]:
    """The asker, and where the asker may read by a role of any kind."""
    who = read.who
    seen = reach(who.actor, Verb.READ_PROFILE, read.today)
    manages = reach(who.actor, Verb.CREATE_ACCOUNT, read.today)
    return {
        "account": who.account_id,
        "everywhere": seen.everywhere or manages.everywhere,
        "agencies": sorted(seen.subtrees | manages.subtrees),
    }


async def listed(
    read: Reading, *, side: Side, running: bool | None, limit: int, after: str | None
) -> Delegations:
    """Delegations on one side of the asker, the newest first.

    Raises:
        RefusedError: ``not-permitted`` for ``agency`` where the asker reads in no agency.
    """
    values = _values(read)
    if side == "agency" and not values["everywhere"] and not values["agencies"]:
        raise RefusedError.of("not-permitted")
    where = [_WHERE[side]]
    if running is not None:
        where.append("d.state <> 'ended'" if running else "d.state = 'ended'")
    key = key_of(after, datetime.fromisoformat, UUID)
    if key is not None:
        where.append("(d.created_at, d.id) < (CAST(:at AS timestamptz), CAST(:last AS uuid))")
        values |= {"at": key[0], "last": key[1]}
    query = f"{COLUMNS} WHERE {' AND '.join(where)} ORDER BY d.created_at DESC, d.id DESC LIMIT :limit"
    found = (await read.connection.execute(text(query), {**values, "limit": limit + 1})).all()
    rows, more = page(found, limit)
    items = [await line(read, row) for row in rows]
    last = rows[-1] if more else None
    return Delegations(items=items, next=cursor(last.created_at, last.id) if last is not None else None)


async def one(read: Reading, delegation_id: UUID) -> Delegation:
    """One delegation, for its sides and whoever reads in that part of the tree.

    Raises:
        RefusedError: ``not-found``.
    """
    row = (await read.connection.execute(_ONE, {**_values(read), "id": delegation_id})).one_or_none()
    if row is None:
        raise permits.missing()
    return await line(read, row)


async def line(read: Reading, row: Any) -> Delegation:
    """One row as people see it."""
    law, _ = await read.law_at(row.agency_id)
    values = dict(row._mapping)
    # A side whose account the asker does not see cannot be judged here: then the state alone speaks.
    standing = values.pop("standing")
    alive = (
        in_force(delegation_of(standing), read.today, law)
        if standing is not None
        else (row.state == "granted" and row.valid_from <= read.today < row.valid_to)
    )
    verbs = [] if row.state == "ended" else ["revoke_delegation"]
    if row.state == "waiting":
        verbs.insert(0, "agree_delegation")
    return Delegation.model_validate(
        {
            **values,
            "what_vi": delegables().what[row.what].vi,
            "state_vi": STATE_VI[row.state],
            "in_force": alive,
            "end_reason_vi": END_VI[row.end_reason] if row.end_reason else None,
            "calls": calls(verbs, delegation_id=row.id),
        }
    )
