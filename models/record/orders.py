"""Orders over many people: written down whole, carried out item by item, each as a command of its own.

An item's id is the id of its command, and the command's actor is whoever gave the order: every item is judged
by ``act`` with that account's rights of that moment, as if it had been asked for alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.command_shapes import Body
from models.commands import BY_VERB
from models.database import Query, Scope, together, transaction
from models.errors import Refusal, RefusedError
from models.identifiers import profile_workflow, transfer_workflow
from models.keys import Sealed
from models.messages import Ask, Subject
from models.record.commands import accept, fate
from models.record.rehearsing import Asked, Verdict, rehearse
from models.record.tools import Tools

LONGEST = 5000
"""Items of one order, as of one month's list."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item as it is frozen. Without a body it is refused already."""

    profile_id: UUID | None
    body: Body | None
    subject_id: UUID | None = None
    expected: int | None = None
    refusal: Refusal | None = None
    source_row: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it is given: ``digest`` is of what was sent."""

    id: UUID
    authority_id: UUID
    account_id: UUID
    verb: str
    source: str
    digest: str
    dry_run: bool
    follows: UUID | None = None


_WRITE = text(
    "INSERT INTO bulk_orders (id, authority_id, account_id, verb, dry_run, source, digest, follows, state,"
    " created_at)"
    " VALUES (:id, :authority, :account, :verb, :dry, :source, :digest, :follows, 'waiting', :now)"
    " ON CONFLICT (id) DO NOTHING RETURNING id"
)
_KNOWN = text("SELECT digest FROM bulk_orders WHERE id = :id")
_ITEM = text(
    "INSERT INTO bulk_items (id, authority_id, order_id, position, source_row, profile_id, subject_id, body,"
    " key_id, expected_revision, state, status, code, answer, at)"
    " VALUES (:id, :authority, :order, :position,"
    " :row, :profile, :subject, :body, :key, :expected, :state, :status, :code, :answer, :at)"
)
AT_ONCE = 500
"""Rows written in one round trip."""


async def known(connection: AsyncConnection, order_id: UUID, digest: str) -> bool:
    """Whether the order is written down already.

    Raises:
        RefusedError: ``key-reused``: this key was used for another order.
    """
    stored = await connection.scalar(_KNOWN, {"id": order_id})
    if stored is not None and stored != digest:
        raise RefusedError.of(
            "key-reused",
            "Idempotency-Key này đã dùng cho một việc hàng loạt khác.",
            "This Idempotency-Key was used for another bulk order.",
        )
    return stored is not None


async def freeze(
    connection: AsyncConnection, tools: Tools, order: Order, items: Sequence[Item], now: datetime
) -> None:
    """Write the order with its items; what is wrong in itself is refused at once, item by item."""
    row = {
        "id": order.id,
        "authority": order.authority_id,
        "account": order.account_id,
        "verb": order.verb,
        "dry": order.dry_run,
        "source": order.source,
        "digest": order.digest,
        "follows": order.follows,
        "now": now,
    }
    (written,) = await together(connection, [(_WRITE, row)])
    if not written:
        return
    rows = [_frozen(tools, order, item, position, now) for position, item in enumerate(items)]
    for start in range(0, len(rows), AT_ONCE):
        await together(connection, rows[start : start + AT_ONCE])


def _frozen(tools: Tools, order: Order, item: Item, position: int, now: datetime) -> Query:
    item_id = uuid5(order.id, str(position))
    written = item.body.model_dump_json() if item.body is not None else "{}"
    sealed = tools.cipher.seal(order.authority_id, "bulk_items", item_id, "body", written.encode())
    refusal = item.refusal
    return _ITEM, {
        "id": item_id,
        "authority": order.authority_id,
        "order": order.id,
        "position": position,
        "row": item.source_row,
        "profile": item.profile_id,
        "subject": item.subject_id or item.profile_id,
        "body": sealed.data,
        "key": sealed.key_id,
        "expected": item.expected,
        "state": "waiting" if refusal is None else "refused",
        "status": refusal.problem.status if refusal is not None else None,
        "code": refusal.code if refusal is not None else None,
        "answer": Jsonb(refusal.to_json()) if refusal is not None else None,
        "at": now if refusal is not None else None,
    }


_NEXT = text(
    "SELECT i.id, i.profile_id, i.subject_id, i.body, i.key_id, i.expected_revision, o.verb, o.account_id,"
    " o.dry_run, o.created_at FROM bulk_items i JOIN bulk_orders o ON o.id = i.order_id"
    " WHERE i.order_id = :order AND i.state = 'waiting' ORDER BY i.position LIMIT :most"
)
_BEGIN = text("UPDATE bulk_orders SET state = 'running' WHERE id = :order AND state = 'waiting'")
_COUNTS = text(
    "SELECT count(*) FILTER (WHERE state = 'done') AS done,"
    " count(*) FILTER (WHERE state = 'refused') AS refused,"
    " count(*) FILTER (WHERE state = 'waiting') AS waiting FROM bulk_items WHERE order_id = :order"
)
_END = text(
    "UPDATE bulk_orders SET state = 'done', finished_at = :now WHERE id = :order AND state <> 'done'"
    " AND NOT EXISTS (SELECT 1 FROM bulk_items WHERE order_id = :order AND state = 'waiting')"
)
_ANSWER = text(
    "UPDATE bulk_items SET state = :state, status = :status, code = :code, answer = :answer, at = :now"
    " WHERE id = :id AND state = 'waiting'"
)
_HEARD = text("UPDATE commands SET heard_at = :now WHERE id = :id AND heard_at IS NULL")


@dataclass(frozen=True, slots=True)
class Counts:
    """How far an order is."""

    done: int
    refused: int
    left: int


async def waiting(tools: Tools, authority_id: UUID, order_id: UUID, most: int) -> list[Any]:
    """The next items that have no answer, in their order; the order is under way from now on."""
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        await connection.execute(_BEGIN, {"order": order_id})
        return list(await connection.execute(_NEXT, {"order": order_id, "most": most}))


async def finish(tools: Tools, authority_id: UUID, order_id: UUID, now: datetime) -> Counts:
    """How far the order is; where nothing waits any more, it is over."""
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        await connection.execute(_END, {"order": order_id, "now": now})
        row = (await connection.execute(_COUNTS, {"order": order_id})).one()
    return Counts(row.done, row.refused, row.waiting)


@dataclass(frozen=True, slots=True)
class Doing:
    """One item with what its command asks."""

    id: UUID
    asked: Asked
    ask: Ask
    dry_run: bool
    accepted_at: datetime
    """Since when the order stands: an item is not late because others came first."""


def doing(tools: Tools, authority_id: UUID, row: Any, now: datetime) -> Doing:
    """The item of a row of `waiting`, its body opened."""
    sealed = Sealed(row.key_id, bytes(row.body))
    plain = tools.cipher.open(authority_id, "bulk_items", row.id, "body", sealed)
    body = BY_VERB[row.verb].model_validate_json(plain)
    on_transfer = body.subject == "transfer"
    subject: Subject = "transfer" if on_transfer else "profile"
    name = transfer_workflow if on_transfer else profile_workflow
    asked = Asked(row.account_id, body, name(row.subject_id), row.expected_revision)
    ask = Ask(
        authority_id=authority_id,
        subject=subject,
        subject_id=row.subject_id,
        now=now,
        command_id=row.id,
        aside=True,
    )
    return Doing(row.id, asked, ask, row.dry_run, row.created_at)


async def write_down(tools: Tools, item: Doing) -> None:
    """The item's command, durable before anything is done; the relay need not say it, the order does."""
    scope = Scope(item.ask.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        await accept(
            connection,
            tools,
            command_id=item.id,
            authority_id=item.ask.authority_id,
            account_id=item.asked.account_id,
            body=item.asked.body,
            received=item.asked.body.model_dump_json().encode(),
            workflow_id=item.asked.workflow_id,
            subject_id=item.ask.subject_id,
            expected_revision=item.asked.expected,
            now=item.accepted_at,
        )
        await connection.execute(_HEARD, {"id": item.id, "now": item.ask.now})


async def judged(tools: Tools, item: Doing) -> Verdict:
    """What the item's command came to; of a dry run, what it would come to."""
    if item.dry_run:
        return await rehearse(tools, item.ask, item.asked)
    async with transaction(tools.engine, Scope(item.ask.authority_id, everything=True)) as connection:
        found = await fate(connection, item.id)
    assert found is not None, "it was written down before"
    assert found.status is not None, "it was settled before"
    answer = found.answer or {}
    refused = found.status >= 400
    return Verdict(found.status, str(answer["code"]) if refused else None, answer)


async def answer(tools: Tools, item: Doing, verdict: Verdict) -> None:
    """Write what the item came to; the first answer stands."""
    values = {
        "id": item.id,
        "state": "refused" if verdict.code is not None else "done",
        "status": verdict.status,
        "code": verdict.code,
        "answer": Jsonb(verdict.answer),
        "now": item.ask.now,
    }
    async with transaction(tools.engine, Scope(item.ask.authority_id, everything=True)) as connection:
        await together(connection, [(_ANSWER, values)])
