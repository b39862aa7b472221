"""Receipts: asked for until every item sent has one, then written beside the items.

An accepted item is what the national database holds from then on; a rejected one says code, field and message
to those who look after the list.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.batches.correcting import ask_for_corrections
from activities.batches.reasons import reason_of, refusal_of
from activities.batches.sending import LANES, Fixed, National, deliver
from activities.national.adapter import (
    BadPacketError,
    ItemResult,
    ItemStatus,
    NationalError,
    PacketUnknownError,
    Receipt,
)
from activities.national.mappings import Mapping
from activities.national.receipts import keep_receipt
from activities.national.trouble import (
    REPAIR,
    again,
    growing_delay,
    of_one_call,
    open_way,
    tell_of_trouble,
    troubled,
)
from activities.notifications.notices import notify_post
from models.database import Scope, transaction
from models.lifecycle import rhythm
from models.messages import Ask, Batch, BatchResult
from models.record.act import act
from models.record.tools import Tools

_OPEN = text(
    "SELECT id, tran_code, created_at FROM submissions WHERE agency_month_id = :month AND state = 'sent'"
    " ORDER BY"
    " created_at, id"
)
_ITEMS = text(
    "SELECT i.profile_id, i.digest, m.month FROM month_items i JOIN agency_months m ON m.id ="
    " i.agency_month_id"
    " WHERE i.agency_month_id = :month AND i.tran_code = :code AND i.state = 'sent' ORDER BY i.profile_id"
)
# Never back to an older revision: a late receipt may arrive after a newer one.
_SYNCED = text(
    "UPDATE profiles p SET synced_revision_id = i.revision_id FROM month_items i"
    " JOIN revisions r ON r.id = i.revision_id WHERE i.agency_month_id = :month AND i.profile_id = p.id"
    " AND i.state = 'sent' AND p.id = ANY (:profiles)"
    " AND r.number >= coalesce((SELECT number FROM revisions o WHERE o.id = p.synced_revision_id), 0)"
)
_LOCK = text("SELECT 1 FROM profiles WHERE id = ANY (:profiles) ORDER BY id FOR NO KEY UPDATE")
_ACCEPT = text(
    "UPDATE month_items SET state = 'accepted', reason = NULL, changed_at = :now WHERE agency_month_id ="
    " :month"
    " AND profile_id = ANY (:profiles) AND state = 'sent'"
)
_REJECT = text(
    "UPDATE month_items SET state = 'rejected', reason = :reason, refusal = CAST(:refusal AS jsonb),"
    " changed_at = :now WHERE agency_month_id = :month AND profile_id = :profile AND state = 'sent'"
)
_SETTLE = text(
    "UPDATE submissions SET state = 'settled', settled_at = :now, result = CAST(:result AS jsonb) WHERE id"
    " = :id"
)
_RESULT = text(
    "SELECT count(*) FILTER (WHERE state IN ('accepted', 'released', 'sent_back')) AS accepted,"
    " count(*) FILTER (WHERE state = 'rejected') AS rejected FROM month_items"
    " WHERE agency_month_id = :month AND tran_code IS NOT NULL"
)
# What a look settled bears its instant, however many attempts the look took.
_SEEN = text(
    "SELECT count(*) FROM month_items WHERE agency_month_id = :month AND tran_code IS NOT NULL"
    " AND state IN ('accepted', 'rejected') AND changed_at = :now"
)
# Duties of an event's clock that what came back meets, and newer revisions that waited for it (NĐ 27/2026).
_OWED = text(
    "SELECT DISTINCT p.id, coalesce(s.number, 0) AS number FROM month_items i JOIN profiles p ON p.id ="
    " i.profile_id JOIN duties d ON d.profile_id = p.id AND d.state = 'open'"
    " AND (d.slot = ANY (:slots) OR d.facts ? 'national')"
    " LEFT JOIN revisions s ON s.id = p.synced_revision_id"
    " WHERE i.agency_month_id = :month AND i.state NOT IN ('listed', 'approved', 'held', 'cleared', 'sent')"
    " AND ((d.facts ->> 'revision')::int <= s.number OR d.slot = ANY (:slots)"
    "   AND p.approved_revision_id <> i.revision_id"
    "   AND p.approved_revision_id IS DISTINCT FROM p.synced_revision_id"
    "   AND NOT EXISTS (SELECT 1 FROM month_items o JOIN agency_months m ON m.id = o.agency_month_id"
    "     WHERE o.profile_id = p.id AND m.state <> 'closed'"
    "     AND o.state IN ('listed', 'approved', 'held', 'cleared', 'sent')))"
)
_COUNTS = text(
    "SELECT state, count(*) AS n FROM month_items WHERE agency_month_id = :month AND tran_code = :code"
    " GROUP BY state"
)


async def await_receipts(tools: Tools, national: National | None, batch: Batch) -> BatchResult:
    """Settle every packet of the list that is under way; counts are of all items sent so far.

    With ``batch.glance`` each is asked about once and nothing is waited for: more is being sent beside it,
    and what is not there yet is awaited afterwards. ``done`` then counts the items that this look settled.

    Raises:
        ApplicationError: some items have no receipt yet; the engine asks again, ever more slowly.
    """
    scope = Scope(batch.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        packets = (await connection.execute(_OPEN, {"month": batch.agency_month_id})).all()
    if packets and national is None:
        raise again("national-not-configured", REPAIR)
    try:
        waiting = national is not None and await _hear(tools, national, batch, packets)
    except ApplicationError as away:
        if not batch.glance or away.next_retry_delay is None:
            raise
        waiting = True  # whoever sends or waits finds the same, and waits for it
    await _meet(tools, batch)
    await ask_for_corrections(tools, batch)
    if waiting and national is not None and not batch.glance:
        raise again("receipts-pending", growing_delay(national.tries.failed()))
    async with transaction(tools.engine, scope) as connection:
        if batch.glance:
            values = {"month": batch.agency_month_id, "now": batch.now}
            return BatchResult(done=await connection.scalar(_SEEN, values))
        row = (await connection.execute(_RESULT, {"month": batch.agency_month_id})).one()
    return BatchResult(done=row.accepted, refused=row.rejected)


async def _hear(tools: Tools, national: National, batch: Batch, packets: Sequence[Row[Any]]) -> bool:
    """Ask about each packet, a few at a time, and write what is said; whether something is still awaited."""
    asked, waiting = iter(packets), False

    async def lane() -> None:
        nonlocal waiting
        for packet in asked:
            settled = await _hear_of(tools, national, batch, packet)
            waiting = waiting or not settled

    ends = await asyncio.gather(*(lane() for _ in range(LANES)), return_exceptions=True)
    away: NationalError | None = None
    for end in ends:
        if isinstance(end, NationalError):
            away = end
        elif end is not None:
            raise end
    if away is not None:
        raise await troubled(tools, batch.authority_id, away, batch.now, national.tries)
    return waiting


async def _hear_of(tools: Tools, national: National, batch: Batch, packet: Row[Any]) -> bool:
    """Ask about one packet and write what is said; whether all of it was.

    Raises:
        NationalError: nobody is there, or a person must do something first.
        ApplicationError: ``national-paused``.
    """
    await open_way(tools, batch.authority_id, batch.now)
    try:
        receipt = await _ask(tools, national, batch, packet)
    except NationalError as error:
        if national.tries.missed() or not of_one_call(error):
            raise
        await tell_of_trouble(tools, batch.authority_id, error, batch.now)
        return False
    if settled := await _settle(tools, national, batch, packet, receipt):
        national.tries.through(packet.tran_code)
    else:
        national.tries.answered()
    return settled


async def _meet(tools: Tools, batch: Batch) -> None:
    """Have each profile's own act meet what it owed by an event's clock; by rows, so also after a kill."""
    values = {"month": batch.agency_month_id, "slots": list(rhythm.SLOTS)}
    async with transaction(tools.engine, Scope(batch.authority_id, everything=True)) as connection:
        owed = (await connection.execute(_OWED, values)).all()
    for row in owed:
        await act(
            tools,
            Ask(
                authority_id=batch.authority_id,
                subject="profile",
                subject_id=row.id,
                internal="synced",
                now=batch.now,
                facts={"revision": row.number},
                bulk=True,
            ),
        )
        activity.heartbeat(str(row.id))


async def _settle(
    tools: Tools, national: National, batch: Batch, packet: Row[Any], receipt: Receipt | None
) -> bool:
    """Write what is known of one packet; whether all of it is."""
    scope = Scope(batch.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        if receipt is not None:
            await keep_receipt(connection, tools, batch, packet.id, receipt)
        results = receipt.items if receipt is not None else ()
        values = {"month": batch.agency_month_id, "code": packet.tran_code}
        rows = (await connection.execute(_ITEMS, values)).all()
        found = {f"{row.profile_id}.{row.digest}": row for row in rows}
        told = [(found[one.key], one) for one in results if one.settled and one.key in found]
        await _write(connection, national.mapping(packet.created_at), batch, told)
        if len(told) < len(found):
            return False
        await _close(connection, batch, packet, rows[0].month if rows else "")
    return True


async def _ask(tools: Tools, national: National, batch: Batch, packet: Row[Any]) -> Receipt | None:
    try:
        return await national.gateway.receipts(packet.tran_code)
    except PacketUnknownError:
        # It was lost over there: the same packet again, then it is waited for as before.
        try:
            await deliver(tools, national, batch, Fixed(packet.id, packet.tran_code))
        except BadPacketError as refused:
            await tell_of_trouble(tools, batch.authority_id, refused, batch.now)
        return None


async def _write(
    connection: AsyncConnection, mapping: Mapping, batch: Batch, told: Sequence[tuple[Row[Any], ItemResult]]
) -> None:
    """Accepted and rejected items; profiles are locked before items, as acts do."""
    accepted: list[UUID] = [row.profile_id for row, one in told if one.status is ItemStatus.ACCEPTED]
    values = {"month": batch.agency_month_id, "profiles": accepted, "now": batch.now}
    if accepted:
        await connection.execute(_LOCK, {"profiles": accepted})
        await connection.execute(_SYNCED, {"month": batch.agency_month_id, "profiles": accepted})
        await connection.execute(_ACCEPT, values)
    for row, one in told:
        if one.status is ItemStatus.REJECTED:
            await connection.execute(
                _REJECT,
                {
                    "month": batch.agency_month_id,
                    "profile": row.profile_id,
                    "reason": reason_of(one, mapping),
                    "refusal": json.dumps(refusal_of(one, mapping)),
                    "now": batch.now,
                },
            )


async def _close(connection: AsyncConnection, batch: Batch, packet: Row[Any], month: str) -> None:
    values = {"month": batch.agency_month_id, "code": packet.tran_code}
    counts = {row.state: row.n for row in await connection.execute(_COUNTS, values)}
    await connection.execute(_SETTLE, {"id": packet.id, "now": batch.now, "result": json.dumps(counts)})
    if rejected := counts.get("rejected", 0):
        await notify_post(
            connection,
            batch.authority_id,
            agency_id=batch.agency_id,
            role="hr_officer",
            kind="items_rejected",
            once=str(packet.id),
            now=batch.now,
            month=month,
            items=rejected,
        )
