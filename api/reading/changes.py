"""The change feed: events in the order of their transactions, none missed however late it commits.

A reader stops below the oldest transaction still running: what such a one may yet write has a higher number
than everything given out, or than everything still held back.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import cursor, key_of
from api.reading import permits
from api.reading.withholding import known_facts
from api.scope import Reading
from models.form import top_level


class Event(BaseModel):
    """Something that happened. Facts hold ids, dates and counts."""

    position: int = Field(title="Vị trí")
    stream_id: UUID = Field(title="Hồ sơ, việc hoặc danh sách")
    number: int = Field(title="Số thứ tự trong dòng sự kiện")
    profile_id: UUID | None = Field(title="Hồ sơ")
    agency_id: UUID = Field(title="Cơ quan, đơn vị")
    kind: str = Field(title="Sự kiện")
    at: datetime = Field(title="Lúc")
    actor_id: UUID | None = Field(title="Tài khoản")
    actor_role: str = Field(title="Vai trò")
    on_behalf_of: UUID | None = Field(default=None, title="Thay mặt tài khoản", description="Khi uỷ quyền")
    delegation_id: UUID | None = Field(default=None, title="Theo uỷ quyền")
    rule_id: str | None = Field(title="Mã quy định")
    citation: str | None = Field(title="Căn cứ")
    facts: dict[str, Any] = Field(title="Chi tiết")
    hash: str = Field(title="Mã băm nối chuỗi")


class Feed(BaseModel):
    """Events after a point, and the point to ask from next: also when there were none."""

    items: list[Event] = Field(title="Sự kiện")
    next: str | None = Field(title="Hỏi tiếp từ đây", description="Gửi lại trong `after`")
    more: bool = Field(title="Còn sự kiện nữa ngay lúc này")


COLUMNS = (
    "e.transaction, e.position, e.stream_id, e.number, e.profile_id, e.agency_id, e.kind, e.at, e.actor_id,"
    " e.actor_role, e.on_behalf_of, e.delegation_id, e.rule_id, e.citation, e.facts, e.hash"
)
_FEED = text(
    f"SELECT {COLUMNS} FROM events e WHERE e.authority_id = :authority"  # noqa: S608 — constants
    " AND (e.transaction, e.position) > (:transaction, :position)"
    " AND e.transaction < hoso_finished_below()"
    " ORDER BY e.transaction, e.position LIMIT :limit"
)


def event(row: Any, level: int) -> Event:
    """One row as a caller sees it to whom fields are shown up to ``level``."""
    values = dict(row._mapping)
    values.pop("transaction", None)
    return Event.model_validate({**values, "facts": known_facts(row.facts, level)})


def event_for(read: Reading, row: Any, level: int) -> Event:
    """One row of several people's as the asker sees it: the own file whole, others' up to ``level``."""
    return event(row, top_level() if read.who.is_about(row.profile_id) else level)


async def feed(read: Reading, limit: int, after: str | None) -> Feed:
    """Events of the asker's scope in commit-safe order.

    Raises:
        RefusedError: ``malformed-request`` for a cursor that is none of the feed's.
    """
    key = key_of(after, int, int) or (0, 0)
    values = {
        "authority": read.who.authority_id,
        "transaction": key[0],
        "position": key[1],
        "limit": limit + 1,
    }
    rows = (await read.connection.execute(_FEED, values)).all()
    given = rows[:limit]
    last = cursor(given[-1].transaction, given[-1].position) if given else after
    level = await permits.level_everywhere(read)
    items = [event_for(read, row, level) for row in given]
    return Feed(items=items, next=last, more=len(rows) > limit)
