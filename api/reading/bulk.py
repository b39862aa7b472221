"""Orders over many people: how far they are, and what each item came to."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.paging import Page, cursor, key_of, page
from api.reading import permits
from api.scope import Reading
from models.lifecycle.bulk import UNDOING

State = Literal["waiting", "done", "refused"]


class BulkOrder(BaseModel):
    """One order as a whole."""

    id: UUID = Field(title="Việc hàng loạt")
    verb: str = Field(title="Việc")
    dry_run: bool = Field(title="Chạy thử")
    source: Literal["items", "filter", "workbook", "rehearsed", "undo"] = Field(title="Chọn từ")
    follows: UUID | None = Field(title="Theo việc hàng loạt")
    state: Literal["waiting", "running", "done"] = Field(title="Trạng thái")
    total: int = Field(title="Số hồ sơ")
    done: int = Field(title="Đã xong", description="Chạy thử: sẽ làm được / of a dry run: would be done")
    refused: int = Field(title="Bị từ chối")
    waiting: int = Field(title="Còn chờ")
    refusals: dict[str, int] = Field(title="Bị từ chối theo lý do")
    undo: bool = Field(title="Có hoàn tác")
    created_at: datetime = Field(title="Lúc gửi")
    finished_at: datetime | None = Field(title="Xong lúc")


class BulkOrders(Page):
    """One's own orders, the newest first."""

    items: list[BulkOrder] = Field(title="Việc hàng loạt")


class BulkItem(BaseModel):
    """What became of one item; in a dry run what would."""

    position: int = Field(title="Thứ tự")
    source_row: int | None = Field(title="Dòng của sổ")
    profile_id: UUID | None = Field(title="Hồ sơ")
    full_name: str | None = Field(title="Họ và tên")
    staff_number: str | None = Field(title="Số hiệu")
    revision: int | None = Field(title="Phiên bản đã xem")
    state: State = Field(title="Kết quả")
    status: int | None = Field(title="Mã trạng thái")
    code: str | None = Field(title="Mã lý do")
    reason: str | None = Field(title="Lý do")
    reason_en: str | None = Field(title="Lý do (tiếng Anh)")
    answer: dict[str, Any] = Field(title="Kết quả của lệnh")
    command_id: UUID | None = Field(title="Lệnh")


class BulkItems(Page):
    """Items in their order."""

    items: list[BulkItem] = Field(title="Từng hồ sơ")


_ORDER = (
    "SELECT o.id, o.verb, o.dry_run, o.source, o.follows, o.state, o.created_at, o.finished_at,"
    " c.total, c.done, c.refused, c.waiting, c.refusals FROM bulk_orders o CROSS JOIN LATERAL ("
    " SELECT coalesce(sum(n), 0)::int AS total,"
    " coalesce(sum(n) FILTER (WHERE state = 'done'), 0)::int AS done,"
    " coalesce(sum(n) FILTER (WHERE state = 'refused'), 0)::int AS refused,"
    " coalesce(sum(n) FILTER (WHERE state = 'waiting'), 0)::int AS waiting,"
    " coalesce(jsonb_object_agg(code, n) FILTER (WHERE code IS NOT NULL), '{}') AS refusals FROM ("
    " SELECT state, code, count(*) AS n FROM bulk_items i WHERE i.order_id = o.id GROUP BY 1, 2) g) c"
    " WHERE o.account_id = :account"
)
_ONE = text(f"{_ORDER} AND o.id = :id")
_MINE = text(
    f"{_ORDER} AND (CAST(:last AS uuid) IS NULL OR (o.created_at, o.id) <"
    " (CAST(:at AS timestamptz), CAST(:last AS uuid))) ORDER BY o.created_at DESC, o.id DESC LIMIT :limit"
)
_ITEMS = text(
    "SELECT i.id, i.position, i.source_row, i.profile_id, p.full_name, p.staff_number,"
    " i.expected_revision AS revision, i.state, i.status, i.code, i.answer"
    " FROM bulk_items i LEFT JOIN profiles p ON p.id = i.profile_id WHERE i.order_id = :id"
    " AND (CAST(:states AS text[]) IS NULL OR i.state = ANY (CAST(:states AS text[])))"
    " AND i.position > :last ORDER BY i.position LIMIT :limit"
)


def _order(row: Any) -> BulkOrder:
    undo = row.verb in UNDOING and not row.dry_run and row.source != "undo" and row.done > 0
    return BulkOrder.model_validate({**row._mapping, "undo": undo})


async def one(read: Reading, order_id: UUID) -> BulkOrder:
    """An order of one's own.

    Raises:
        RefusedError: ``not-found``, also for somebody else's.
    """
    values = {"id": order_id, "account": read.who.account_id}
    row = (await read.connection.execute(_ONE, values)).one_or_none()
    if row is None:
        raise permits.missing()
    return _order(row)


async def mine(read: Reading, limit: int, after: str | None) -> BulkOrders:
    """One's own orders, the newest first."""
    at, last = key_of(after, datetime.fromisoformat, UUID) or (None, None)
    values = {"account": read.who.account_id, "at": at, "last": last, "limit": limit + 1}
    rows, more = page(list(await read.connection.execute(_MINE, values)), limit)
    next_ = cursor(rows[-1].created_at.isoformat(), rows[-1].id) if more else None
    return BulkOrders(items=[_order(row) for row in rows], next=next_)


async def items(
    read: Reading, order_id: UUID, *, states: list[State] | None, limit: int, after: str | None
) -> BulkItems:
    """A page of an order's items; names only of people the asker may still see.

    Raises:
        RefusedError: ``not-found``, ``malformed-request`` for a foreign cursor.
    """
    order = await one(read, order_id)
    (last,) = key_of(after, int) or (-1,)
    values = {"id": order_id, "states": states, "last": last, "limit": limit + 1}
    rows, more = page(list(await read.connection.execute(_ITEMS, values)), limit)
    return BulkItems(
        items=[_item(row, order) for row in rows],
        next=cursor(rows[-1].position) if more else None,
    )


def _item(row: Any, order: BulkOrder) -> BulkItem:
    answer = row.answer or {}
    refused = row.state == "refused"
    return BulkItem.model_validate(
        {
            **row._mapping,
            "answer": answer,
            "reason": answer.get("detail") or None if refused else None,
            "reason_en": answer.get("detail_en") or None if refused else None,
            "command_id": None if order.dry_run else row.id,
        }
    )
