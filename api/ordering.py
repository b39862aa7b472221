"""From what a bulk order names to its frozen items: each with the whole body its command will have."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import text

from api.malformed import malformed
from api.scope import Reading
from models.commands import BY_VERB, Approve, Body, CreateAccount
from models.errors import Refusal, RefusedError
from models.keys import Sealed
from models.lifecycle.bulk import BY_SERVER, ORDERED, undoing
from models.record.bulk import NO_PASSWORD
from models.record.orders import LONGEST, Item


@dataclass(frozen=True, slots=True)
class Chosen:
    """One profile as an order names it, with what is its own; or why its line names nobody."""

    profile_id: UUID | None
    revision: int | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    source_row: int | None = None
    refusal: Refusal | None = None


_THERE = text(
    "SELECT p.id, p.revision_number, p.pending_revision_id, r.digest, r.number AS pending FROM profiles p"
    " LEFT JOIN revisions r ON r.id = p.pending_revision_id WHERE p.id = ANY (:ids)"
)
_MISSING = Refusal("not-found", "Không tìm thấy hồ sơ.", "There is no such profile.")
_TWICE = Refusal(
    "malformed-request", "Hồ sơ này đã có trong danh sách.", "This profile is in the list already."
)
_NOTHING_WAITS = Refusal(
    "wrong-state", "Không có bản khai nào chờ phê duyệt.", "No submission is waiting for approval."
)
_UNSEEN = Refusal(
    "precondition-required",
    "Phê duyệt cần số phiên bản đã xem: nêu từng hồ sơ, hoặc chạy thử rồi thực hiện đúng danh sách đó.",
    "An approval names the revision that was seen: list it, or rehearse and carry out what was shown.",
)


def few_enough(count: int, most: int = LONGEST) -> None:
    """Refuse more than one order holds.

    Raises:
        RefusedError: ``bulk-too-large``.
    """
    if count > most:
        raise RefusedError.of("bulk-too-large", extra={"most": most})


async def frozen(
    read: Reading, verb: str, chosen: Sequence[Chosen], common: Mapping[str, Any], *, rehearsed: bool
) -> list[Item]:
    """The items of an order. What the asker cannot see is not there; what is wrong is refused by itself."""
    ids = [one.profile_id for one in chosen if one.profile_id is not None]
    there = {row.id: row for row in await read.connection.execute(_THERE, {"ids": ids})}
    seen: set[UUID | None] = set()
    items = []
    for one in chosen:
        row = there.get(one.profile_id) if one.profile_id is not None else None
        items.append(_item(verb, one, row, common, seen, rehearsed=rehearsed))
        if one.profile_id is not None:
            seen.add(one.profile_id)
    return items


def _item(
    verb: str,
    one: Chosen,
    row: Any,
    common: Mapping[str, Any],
    seen: Collection[UUID | None],
    *,
    rehearsed: bool,
) -> Item:
    if one.refusal is not None:
        return Item(one.profile_id, None, refusal=one.refusal, source_row=one.source_row)
    if row is None or one.profile_id in seen:
        why = _MISSING if row is None else _TWICE
        return Item(one.profile_id, None, refusal=why, source_row=one.source_row)
    if verb == Approve.verb:
        return _approval(one, row, rehearsed=rehearsed)
    made = body_of(verb, {**common, **one.own})
    if isinstance(made, Refusal):
        return Item(one.profile_id, None, refusal=made, source_row=one.source_row)
    return Item(one.profile_id, made, expected=one.revision, source_row=one.source_row)


def _approval(one: Chosen, row: Any, *, rehearsed: bool) -> Item:
    """Nobody judges what they have not seen: the revision is named, or shown by the dry run."""
    if row.pending_revision_id is None:
        return Item(one.profile_id, None, refusal=_NOTHING_WAITS, source_row=one.source_row)
    if one.revision is None and not rehearsed:
        return Item(one.profile_id, None, refusal=_UNSEEN, source_row=one.source_row)
    body = Approve(revision_id=row.pending_revision_id, digest=row.digest)
    return Item(one.profile_id, body, expected=one.revision or row.pending, source_row=one.source_row)


def body_of(verb: str, members: Mapping[str, Any]) -> Body | Refusal:
    """The body of one item, or what is wrong with it. What only the server sets cannot be sent."""
    if any(name in members for name in BY_SERVER):
        return Refusal("malformed-request", "Có mục chỉ máy chủ được đặt.", "Only the server sets this.")
    try:
        body = ORDERED[verb].model_validate(dict(members))
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        return malformed(errors)
    if isinstance(body, CreateAccount):
        # No usable password: whoever administers issues a one-time one to its person, as after an import.
        return body.model_copy(update={"password_hash": NO_PASSWORD})
    return body


_DONE = text(
    "SELECT profile_id, answer FROM bulk_items WHERE order_id = :order AND state = 'done' ORDER BY position"
)


async def taken_back(read: Reading, order_id: UUID, verb: str, reason: str) -> list[Item]:
    """What takes back each item that was done; what cannot be is refused by itself."""
    items = []
    for row in await read.connection.execute(_DONE, {"order": order_id}):
        try:
            body, subject = undoing(verb, row.profile_id, row.answer, reason)
            items.append(Item(row.profile_id, body, subject_id=subject))
        except RefusedError as refused:
            items.append(Item(row.profile_id, None, refusal=refused.refusal))
    return items


_SHOWN = text(
    "SELECT id, profile_id, subject_id, body, key_id, expected_revision, source_row FROM bulk_items"
    " WHERE order_id = :order AND state = 'done' ORDER BY position"
)


async def shown(read: Reading, order_id: UUID, verb: str) -> list[Item]:
    """The items a dry run would have done, with the revisions it showed."""
    items = []
    for row in await read.connection.execute(_SHOWN, {"order": order_id}):
        sealed = Sealed(row.key_id, bytes(row.body))
        plain = read.tools.cipher.open(read.who.authority_id, "bulk_items", row.id, "body", sealed)
        body = BY_VERB[verb].model_validate_json(plain)
        items.append(Item(row.profile_id, body, row.subject_id, row.expected_revision, None, row.source_row))
    return items
