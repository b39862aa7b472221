"""What an activity asks of the national database: small functions over the gateway, each safe to repeat."""

from collections.abc import Collection, Iterator, Sequence

from activities.national.adapter import (
    Acknowledgement,
    BadAnswerError,
    Difference,
    ItemDifference,
    ItemResult,
    NationalGateway,
    NationalRecord,
    Packet,
    PacketItem,
    PersonQuery,
    StatusChange,
)
from activities.national.mappings import Mapping

__all__ = [
    "batches",
    "difference",
    "find_person",
    "poll_receipts",
    "report_status",
    "submit_packet",
    "to_send",
]


async def submit_packet(
    gateway: NationalGateway, sender: str, receiver: str, tran_code: str, items: Sequence[PacketItem]
) -> Acknowledgement:
    """Send one packet. With nothing to send nothing is sent, and the acknowledgement says so.

    A retry uses the same `tran_code` and the same items. Errors: any of `adapter.errors`.
    """
    if not items:
        return Acknowledgement(tran_code, (), sent=False)
    return await gateway.send(Packet(sender, receiver, tran_code, tuple(items)))


async def poll_receipts(
    gateway: NationalGateway, tran_code: str, expected: Collection[str] | None = None
) -> list[ItemResult]:
    """Where each item stands; with `expected` keys an answer about other items is a BadAnswerError."""
    results = list((await gateway.receipts(tran_code)).items)
    if expected is not None and sorted(expected) != sorted(result.key for result in results):
        raise BadAnswerError("items")
    return results


async def difference(gateway: NationalGateway, items: Sequence[PacketItem]) -> list[ItemDifference]:
    """How our items stand to the national record, in our order, by field where they differ.

    Keys go first; only what has changed is shown with its content. Any number of items.
    """
    found: dict[str, ItemDifference] = {}
    for batch in batches(items, gateway.max_items):
        found |= {one.key: one for one in await gateway.known([item.key for item in batch])}
    changed = [item for item in items if found[item.key].state is Difference.CHANGED]
    for batch in batches(changed, gateway.max_items):
        found |= {one.key: one for one in await gateway.compare(batch)}
    return [found[item.key] for item in items]


def to_send(items: Sequence[PacketItem], differences: Sequence[ItemDifference]) -> list[PacketItem]:
    """The items worth a packet: new or changed there, neither unchanged nor already waiting."""
    due = {one.key for one in differences if one.state in (Difference.NEW, Difference.CHANGED)}
    return [item for item in items if item.key in due]


async def find_person(
    gateway: NationalGateway, mapping: Mapping, query: PersonQuery
) -> NationalRecord | None:
    """The person's national record, or None; `mapping.to_content(record.body)` reads it."""
    return await gateway.find_person(mapping.person_query(query), query.reason)


async def report_status(
    gateway: NationalGateway,
    mapping: Mapping,
    *,
    sender: str,
    receiver: str,
    tran_code: str,
    changes: Sequence[StatusChange],
) -> Acknowledgement:
    """Tell that people moved out or left for good; each is answered at once."""
    if not changes:
        return Acknowledgement(tran_code, (), sent=False)
    items = tuple(mapping.status_item(change) for change in changes)
    return await gateway.report_status(Packet(sender, receiver, tran_code, items))


def batches(items: Sequence[PacketItem], size: int) -> Iterator[list[PacketItem]]:
    """The items in order, at most `size` (at least 1) at a time."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
