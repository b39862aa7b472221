"""The history's log: proofs that an event is in it, its heads, and that it only ever grew."""

import base64
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.reading.changes import Event
from api.reading.withholding import names_fields
from api.scope import Reading
from models.errors import RefusedError
from models.history import tree
from models.history.leaf import COLUMNS, leaf_content, link_content
from models.history.tree import LogBrokenError
from models.record.write import plain


class Seal(BaseModel):
    """What a timestamp authority witnessed of a head (RFC 3161)."""

    day: date = Field(title="Ngày niêm phong")
    sealed_at: datetime = Field(title="Lúc, theo tổ chức cấp dấu thời gian")
    statement: str = Field(title="Nội dung được đóng dấu", description="Chính các byte này, UTF-8")
    token: str = Field(title="Dấu thời gian", description="RFC 3161, DER, base64")
    exported_at: datetime | None = Field(title="Đã xuất ra nơi lưu thứ hai lúc")


class Head(BaseModel):
    """The log's root at one size."""

    size: int = Field(title="Số sự kiện")
    root: str = Field(title="Mã băm gốc", description="RFC 6962, SHA-256, hex")
    made_at: datetime = Field(title="Lúc lập")
    seal: Seal | None = Field(title="Niêm phong", description="Không có khi chưa đến kỳ hoặc còn chờ")


class Heads(Page):
    """Heads of the authority's log, the newest first, and how its sealer is."""

    items: list[Head] = Field(title="Các đầu nhật ký")
    looked_at: datetime | None = Field(title="Bộ niêm phong làm việc lần cuối lúc")
    trouble: str | None = Field(title="Trở ngại", description="Mã; không có khi mọi việc ổn")
    trouble_since: datetime | None = Field(title="Trở ngại từ lúc")


class Growth(BaseModel):
    """That the log at one size begins with the log at another (RFC 6962, 2.1.2)."""

    first: Head = Field(title="Đầu trước")
    second: Head = Field(title="Đầu sau")
    path: list[str] = Field(title="Chứng minh", description="Các mã băm, hex")


class Proof(BaseModel):
    """An event, what of it is hashed, and its way to a head (RFC 6962, 2.1.1)."""

    event: Event = Field(title="Sự kiện")
    chained: dict[str, Any] = Field(
        title="Nội dung nối chuỗi",
        description="SHA-256 của `previous_hash` nối với dạng chính tắc RFC 8785 của nó là `event.hash`",
    )
    previous_hash: str = Field(title="Mã băm sự kiện trước")
    leaf: str = Field(title="Nội dung lá", description="Lá là SHA-256 của byte 0 nối với chính các byte này")
    index: int = Field(title="Vị trí trong nhật ký", description="Từ 0")
    head: Head = Field(title="Đầu nhật ký", description="Đầu niêm phong đầu tiên có nó, hoặc đầu mới nhất")
    path: list[str] = Field(title="Đường đến gốc", description="Các mã băm, hex, từ lá lên")


_HEAD = (
    "SELECT h.size, h.root, h.made_at, s.day, s.sealed_at, s.statement, s.token, s.exported_at"
    " FROM log_heads h LEFT JOIN log_seals s ON s.authority_id = h.authority_id AND s.size = h.size"
    " WHERE h.authority_id = :authority"
)
_HEADS = text(
    f"{_HEAD} AND h.size < :before AND (s.size IS NOT NULL OR NOT :sealed) ORDER BY h.size DESC LIMIT :limit"
)
_AT = text(f"{_HEAD} AND h.size = :size")
_COVERING = text(
    f"{_HEAD} AND h.size > :index ORDER BY s.size IS NULL, CASE WHEN s.size IS NULL THEN -h.size"
    " ELSE h.size END LIMIT 1"
)
_SEALER = text("SELECT * FROM sealers WHERE authority_id = :authority")
_EVENT = text(
    f"SELECT {COLUMNS}, l.index AS leaf_index FROM events e LEFT JOIN log_leaves l ON l.position = e.position"  # noqa: S608 — constants
    " AND l.authority_id = e.authority_id WHERE e.profile_id = :profile AND e.stream_id = :profile"
    " AND e.number = :number"
)


async def proof(read: Reading, profile_id: UUID, number: int) -> Proof:
    """That the profile's event of this number is in the log, and stands in it as it is told.

    Raises:
        RefusedError: ``not-found``; ``not-logged-yet``, within a minute of the event; ``history-broken``;
            ``field-withheld`` where it names fields and the asker does not see all of them.
    """
    subject = await permits.profile(read, profile_id, "read_own", "read_profile", "inspect_workflow")
    row = (await read.connection.execute(_EVENT, {"profile": profile_id, "number": number})).one_or_none()
    if row is None:
        raise permits.missing()
    if names_fields(row.facts):
        subject.must_see_whole()  # what is hashed cannot be shown in part
    if row.leaf_index is None:
        raise RefusedError.of("not-logged-yet")
    authority = read.who.authority_id
    values = {"authority": authority, "index": row.leaf_index}
    head = (await read.connection.execute(_COVERING, values)).one_or_none()
    if head is None:
        raise RefusedError.of("history-broken")
    try:
        path = await tree.inclusion(read.connection, authority, row.leaf_index, head.size)
    except LogBrokenError as error:
        raise RefusedError.of("history-broken") from error
    return Proof(
        event=_event(row),
        chained=plain(link_content(row)),
        previous_hash=row.previous_hash,
        leaf=leaf_content(row).decode(),
        index=row.leaf_index,
        head=_head(head),
        path=[one.hex() for one in path],
    )


async def heads(read: Reading, *, sealed: bool, limit: int, after: str | None) -> Heads:
    """Heads of the asker's authority, the newest first: hashes and times only."""
    key = key_of(after, int)
    values = {
        "authority": read.who.authority_id,
        "before": key[0] if key is not None else 2**62,
        "sealed": sealed,
        "limit": limit + 1,
    }
    rows, more = page((await read.connection.execute(_HEADS, values)).all(), limit)
    sealer = (await read.connection.execute(_SEALER, values)).one_or_none()
    return Heads(
        items=[_head(row) for row in rows],
        next=cursor(rows[-1].size) if more else None,
        looked_at=sealer.looked_at if sealer is not None else None,
        trouble=sealer.trouble if sealer is not None else None,
        trouble_since=sealer.trouble_since if sealer is not None else None,
    )


async def growth(read: Reading, first: int, second: int) -> Growth:
    """That the log only appended between two of its heads.

    Raises:
        RefusedError: ``not-found`` where one of them is no head, or they are the wrong way round;
            ``history-broken``.
    """
    authority = read.who.authority_id
    found = [
        (await read.connection.execute(_AT, {"authority": authority, "size": size})).one_or_none()
        for size in (first, second)
    ]
    if found[0] is None or found[1] is None or first > second:
        raise permits.missing()
    try:
        path = await tree.consistency(read.connection, authority, first, second)
    except LogBrokenError as error:
        raise RefusedError.of("history-broken") from error
    return Growth(first=_head(found[0]), second=_head(found[1]), path=[one.hex() for one in path])


def _event(row: Any) -> Event:
    return Event.model_validate({name: getattr(row, name) for name in Event.model_fields})


def _head(row: Any) -> Head:
    seal = None
    if row.token is not None:
        seal = Seal(
            day=row.day,
            sealed_at=row.sealed_at,
            statement=bytes(row.statement).decode(),
            token=base64.b64encode(bytes(row.token)).decode(),
            exported_at=row.exported_at,
        )
    return Head(size=row.size, root=bytes(row.root).hex(), made_at=row.made_at, seal=seal)
