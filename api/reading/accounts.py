"""Accounts for those who manage them: who has one, in which roles, and whether it can be used."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.scope import Reading
from models.access import Verb, reach
from models.errors import RefusedError


class HeldPost(BaseModel):
    """A role with the agency it is held in."""

    role: str = Field(title="Vai trò")
    agency_id: UUID = Field(title="Cơ quan")
    agency: str = Field(title="Tên cơ quan")


class GrantLine(BaseModel):
    """A role the account had, has or will have."""

    id: UUID = Field(title="Mã")
    role: str = Field(title="Vai trò")
    agency_id: UUID = Field(title="Cơ quan")
    agency: str = Field(title="Tên cơ quan")
    valid_from: date = Field(title="Từ ngày")
    valid_to: date | None = Field(title="Đến trước ngày", description="Ngày đầu tiên không còn / exclusive")
    document: str | None = Field(title="Văn bản")
    level: int | None = Field(
        title="Xem đến độ hạn chế", description="Không có: theo vai trò / the role's own"
    )
    holds: bool = Field(title="Đang có hiệu lực")


class AccountLine(BaseModel):
    """One account; never a password."""

    id: UUID = Field(title="Tài khoản")
    login: str = Field(title="Tên đăng nhập")
    display_name: str = Field(title="Họ và tên hoặc tên tài khoản")
    kind: str = Field(title="Loại", description="personal, agency, service")
    state: str = Field(title="Trạng thái", description="default_password, active, cancelled")
    agency_id: UUID = Field(title="Cơ quan")
    profile_id: UUID | None = Field(title="Hồ sơ của người giữ")
    suspended_at: datetime | None = Field(title="Tạm ngừng từ")
    one_time_until: datetime | None = Field(title="Mật khẩu dùng một lần hết hạn lúc")
    roles: list[HeldPost] = Field(title="Vai trò đang giữ")


class AccountPage(Page):
    """A page in the order of login names."""

    items: list[AccountLine]


_LIST = text(
    "SELECT a.id, a.login, a.display_name, a.kind, a.state, a.agency_id, a.profile_id, a.suspended_at,"
    " CASE WHEN a.state = 'default_password' THEN a.one_time_until END AS one_time_until,"
    " (SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id', g.agency_id, 'agency', y.name)"
    " ORDER BY g.role), '[]') FROM grants g JOIN agencies y ON y.id = g.agency_id"
    " WHERE g.account_id = a.id AND g.valid_from <= :today"
    " AND (g.valid_to IS NULL OR g.valid_to > :today)) AS roles"
    " FROM accounts a WHERE a.login > :after AND (CAST(:agency AS uuid) IS NULL OR a.agency_id = :agency)"
    " AND (CAST(:kind AS text) IS NULL OR a.kind = :kind)"
    " AND (:everywhere OR a.agency_id IN (SELECT descendant_id FROM agency_closure"
    " WHERE ancestor_id = ANY (CAST(:agencies AS uuid[])) AND valid_to IS NULL))"
    " ORDER BY a.login LIMIT :most"
)


async def listed(
    read: Reading, *, agency: UUID | None, kind: str | None, after: str | None, limit: int
) -> AccountPage:
    """Accounts the asker may manage.

    Raises:
        RefusedError: ``not-permitted`` where the asker manages none.
    """
    managed = reach(read.who.actor, Verb.CREATE_ACCOUNT, read.today)
    if not managed.everywhere and not managed.subtrees:
        raise RefusedError.of("not-permitted")
    key = key_of(after, str)
    values: dict[str, Any] = {
        "today": read.today,
        "after": key[0] if key else "",
        "agency": agency,
        "kind": kind,
        "everywhere": managed.everywhere,
        "agencies": sorted(managed.subtrees),
        "most": limit + 1,
    }
    rows, more = page(list(await read.connection.execute(_LIST, values)), limit)
    items = [AccountLine.model_validate(dict(row._mapping)) for row in rows]
    return AccountPage(items=items, next=cursor(items[-1].login) if more else None)


_GRANTS = text(
    "SELECT g.id, g.role, g.agency_id, y.name AS agency, g.valid_from, g.valid_to, g.document, g.level,"
    " g.valid_from <= :today AND (g.valid_to IS NULL OR g.valid_to > :today) AS holds"
    " FROM grants g JOIN agencies y ON y.id = g.agency_id JOIN accounts a ON a.id = g.account_id"
    " WHERE a.id = :id AND (a.id = :own OR :everywhere OR a.agency_id IN (SELECT descendant_id"
    " FROM agency_closure WHERE ancestor_id = ANY (CAST(:agencies AS uuid[])) AND valid_to IS NULL))"
    " ORDER BY g.valid_from, g.id"
)


async def grants_of(read: Reading, account_id: UUID) -> list[GrantLine]:
    """Every role of an account: one's own, or one that the asker manages; empty where there is none."""
    managed = reach(read.who.actor, Verb.MANAGE_ACCESS, read.today)
    values: dict[str, Any] = {
        "id": account_id,
        "own": read.who.account_id,
        "today": read.today,
        "everywhere": managed.everywhere,
        "agencies": sorted(managed.subtrees | managed.agencies),
    }
    rows = await read.connection.execute(_GRANTS, values)
    return [GrantLine.model_validate(dict(row._mapping)) for row in rows]
