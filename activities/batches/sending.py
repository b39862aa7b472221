"""Sending an agency's approved items: packets prepared as rows first, then handed over.

A packet's items are fixed with its TRAN_CODE before it leaves, so whatever dies, the same packet is sent
again under the same code, and the other side answers it once (hanoi.art14.1).
"""

import asyncio
import json
import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.batches.correcting import ask_for_corrections
from activities.batches.reasons import not_expressible, not_signed, unexpressed
from activities.national.adapter import (
    BadPacketError,
    NationalError,
    NationalGateway,
    PacketItem,
    tran_code_for,
)
from activities.national.items import items_of, sender_code
from activities.national.mappings import Mapping, Mappings, ValueRefusedError
from activities.national.service import submit_packet
from activities.national.tree import tell_tree
from activities.national.trouble import Tries, of_one_call, open_way, tell_of_trouble, troubled
from activities.notifications.notices import notify_administrator, notify_post
from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle import gate
from models.messages import Batch, BatchResult
from models.record.law_of import LawOf
from models.record.tools import Tools

PACKET = 200
"""Most items of one packet."""
LANES = 4
"""Packets under way at a time: an answer that takes long, or never comes, keeps fewer waiting."""

_WAITING = text(
    "SELECT profile_id, revision_id, EXISTS (SELECT 1 FROM approvals a WHERE a.profile_id = i.profile_id"
    " AND a.revision_id = i.revision_id AND a.state = 'signed' AND a.document_sha256 IS NOT NULL) AS signed"
    " FROM month_items i WHERE agency_month_id = :month AND state = :ready"
    " AND tran_code IS NULL ORDER BY profile_id LIMIT :most FOR NO KEY UPDATE OF i"
)
_SENDER = text(
    "SELECT m.month, m.gate, g.code AS agency_code, u.national_code,"
    " (SELECT count(*) FROM submissions s WHERE s.agency_month_id = m.id) AS parts"
    " FROM agency_months m JOIN agencies g ON g.id = m.agency_id"
    " JOIN authorities u ON u.authority_id = m.authority_id WHERE m.id = :month"
)
_PACKET = text(
    "INSERT INTO submissions (id, authority_id, agency_id, agency_month_id, tran_code, kind, items, state,"
    " created_at, result) VALUES (:id, :authority, :agency, :month, :code, 'month', :items, 'prepared',"
    " :now, '{}')"
)
_MARK = text(
    "UPDATE month_items SET tran_code = :code WHERE agency_month_id = :month AND profile_id = ANY (:profiles)"
)
_REFUSE = text(
    "UPDATE month_items SET state = 'rejected', reason = :reason, refusal = CAST(:refusal AS jsonb),"
    " changed_at = :now WHERE agency_month_id = :month AND profile_id = :profile"
)
_PREPARED = text(
    "SELECT id, tran_code FROM submissions WHERE agency_month_id = :month AND state = 'prepared'"
    " ORDER BY created_at, id"
)
_FIXED = text("SELECT created_at FROM submissions WHERE id = :id")
_CONTENT = text(
    "SELECT profile_id, revision_id FROM month_items WHERE agency_month_id = :month AND tran_code = :code"
    " ORDER BY profile_id"
)
_SENT = text("UPDATE submissions SET state = 'sent', sent_at = coalesce(sent_at, :now) WHERE id = :id")
_SENT_ITEMS = text(
    "UPDATE month_items SET state = 'sent', reason = NULL, changed_at = :now WHERE agency_month_id = :month"
    " AND tran_code = :code AND state IN ('approved', 'cleared')"
)
_REFUSED = text(
    "UPDATE submissions SET state = 'refused', settled_at = :now, result = jsonb_build_object('code',"
    " CAST(:why AS text))"
    " WHERE id = :id"
)
_RELEASE = text(
    "UPDATE month_items SET tran_code = NULL, reason = :why, changed_at = :now WHERE agency_month_id = :month"
    " AND tran_code = :code AND state IN ('approved', 'cleared')"
)
# By rows, so that a share whose attempts die one after the other ends like any other.
_GONE = text(
    "SELECT coalesce(sum(items), 0) FROM submissions WHERE agency_month_id = :month AND sent_at = :now"
)
_UNDER_WAY = text(
    "SELECT count(*) AS items, coalesce(max(tran_code), '') AS code FROM month_items"
    " WHERE agency_month_id = :month AND state = 'sent'"
)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A packet whose content is fixed; the items at hand where this very attempt made them."""

    id: UUID
    tran_code: str
    sender: str = ""
    items: tuple[PacketItem, ...] = ()
    unfit: int = 0
    """Items looked at beside it that cannot be expressed over there."""


@dataclass(frozen=True, slots=True)
class National:
    """The way to the national database and how our form goes over it."""

    gateway: NationalGateway
    mappings: Mappings
    receiver: str
    most: int = PACKET
    """Most items of one packet, where the other side takes fewer."""
    tries: Tries = field(default_factory=Tries)
    """Attempts in a row that got nothing through."""

    def mapping(self, instant: datetime) -> Mapping:
        """The mapping in force on an instant's legal day."""
        return self.mappings.on(legal_date(instant))


async def submit_batch(tools: Tools, national: National | None, batch: Batch) -> BatchResult:
    """Send everything that may go out; ``done`` are the items whose receipts are now to be awaited.

    Raises:
        ApplicationError: no answer now; the engine tries again.
    """
    scope = Scope(batch.authority_id, everything=True)
    if national is None:
        async with transaction(tools.engine, scope) as connection:
            await notify_administrator(
                connection, batch.authority_id, "national_not_configured", once="ever", now=batch.now
            )
        return BatchResult()
    await open_way(tools, batch.authority_id, batch.now)
    share = _Share(tools, national, batch, await _room(tools, batch), await _prepared(tools, batch))
    await share.send()
    await _tree(tools, national, batch)
    if share.unfit:
        await ask_for_corrections(tools, batch)
    async with transaction(tools.engine, scope) as connection:
        row = (await connection.execute(_UNDER_WAY, {"month": batch.agency_month_id})).one()
    more = share.taken and share.left
    return BatchResult(done=row.items, refused=share.unfit, tran_code=row.code, more=more)


@dataclass(slots=True)
class _Share:
    """A share of a list on its way: packets fixed one after the other, a few of them sent at a time."""

    tools: Tools
    national: National
    batch: Batch
    room: float
    """Items that may still be fixed."""
    before: list[Fixed]
    """What an earlier attempt fixed and may have sent: it goes first, all of it."""
    unfit: int = 0
    taken: bool = True
    """A packet refused as a whole ends the run: the same items in a new one would be refused again."""
    left: bool = True
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self) -> None:
        """Send until the share is over or nothing is left.

        Raises:
            ApplicationError: nobody is there; what was sent until then is sent.
        """
        ends = await asyncio.gather(*(self._lane() for _ in range(LANES)), return_exceptions=True)
        away: NationalError | None = None
        for end in ends:
            if isinstance(end, NationalError):
                away = end
            elif end is not None:
                raise end
        if away is not None:
            batch = self.batch
            raise await troubled(self.tools, batch.authority_id, away, batch.now, self.national.tries)

    async def _lane(self) -> None:
        try:
            while (packet := await self._next()) is not None:
                taken = await _deliver_one(self.tools, self.national, self.batch, packet)
                self.taken = self.taken and taken
        except BaseException:
            self.room = 0  # the other lanes end with what they have in hand
            self.before.clear()
            raise

    async def _next(self) -> Fixed | None:
        async with self.turn:
            if self.before:
                return self.before.pop(0)
            while self.taken and self.left and self.room > 0:
                scope = Scope(self.batch.authority_id, everything=True)
                async with transaction(self.tools.engine, scope) as connection:
                    fixed = await _prepare(connection, self.tools, self.national, self.batch)
                if fixed is None:
                    self.left = False
                    break
                self.unfit += fixed.unfit
                self.room -= len(fixed.items)
                if fixed.items:
                    return fixed
            return None


async def _tree(tools: Tools, national: National, batch: Batch) -> None:
    """Beside the profiles: whatever of the tree the other side has not been told."""
    place = (national.receiver, batch.authority_id, batch.now)
    try:
        await tell_tree(tools, national.gateway, national.mapping(batch.now), *place)
    except NationalError as error:
        raise await troubled(tools, batch.authority_id, error, batch.now, national.tries) from None


async def _prepare(
    connection: AsyncConnection, tools: Tools, national: National, batch: Batch
) -> Fixed | None:
    """Fix the next packet, which may come out empty; None where nothing is left to look at."""
    month = {"month": batch.agency_month_id}
    about = (await connection.execute(_SENDER, month)).one()
    ready = {"ready": gate.ready(about.gate), "most": min(PACKET, national.most)}
    rows = (await connection.execute(_WAITING, {**month, **ready})).all()
    if not rows:
        return None
    items: dict[UUID, PacketItem] = {}
    revisions = [row.revision_id for row in rows]
    mapping = national.mapping(batch.now)
    made = await items_of(connection, tools, mapping, batch.authority_id, revisions)
    law, _ = await tools.law(
        connection, LawOf.unit(batch.authority_id, batch.agency_id), legal_date(batch.now)
    )
    first_signed = law.slot("sign_before_sync")
    for row in rows:
        item = made[row.revision_id]
        if first_signed is not None and not row.signed:
            reason, refusal = not_signed(first_signed.citation), {"code": "NOT_SIGNED"}
        elif isinstance(item, ValueRefusedError):
            reason, refusal = not_expressible(item, mapping), unexpressed(item)
        else:
            items[row.profile_id] = item
            continue
        why = {"reason": reason, "refusal": json.dumps(refusal)}
        await connection.execute(_REFUSE, {**month, "profile": row.profile_id, **why, "now": batch.now})
    code = tran_code_for(f"{batch.agency_id}:{about.month}:{about.parts + 1}", tuple(items.values()))
    packet = uuid5(batch.agency_month_id, code)
    if items:
        values: dict[str, Any] = {**month, "id": packet, "authority": batch.authority_id}
        values |= {"agency": batch.agency_id, "code": code, "items": len(items), "now": batch.now}
        await connection.execute(_PACKET, values)
        await connection.execute(_MARK, {**month, "code": code, "profiles": list(items)})
    if unfit := len(rows) - len(items):
        await notify_post(
            connection,
            batch.authority_id,
            agency_id=batch.agency_id,
            role="hr_officer",
            kind="items_rejected",
            once=f"{batch.agency_month_id}:unfit:{about.parts}",
            now=batch.now,
            month=about.month,
            items=unfit,
        )
    sender = sender_code(about.agency_code, about.national_code)
    return Fixed(packet, code, sender, tuple(items.values()), unfit)


async def _room(tools: Tools, batch: Batch) -> float:
    """Items that may go out before others come first: of the share, less what lost attempts at it sent."""
    if not batch.most:
        return math.inf
    if activity.info().attempt == 1:
        return batch.most
    values = {"month": batch.agency_month_id, "now": batch.now}
    async with transaction(tools.engine, Scope(batch.authority_id, everything=True)) as connection:
        return batch.most - int((await connection.execute(_GONE, values)).scalar_one())


async def _prepared(tools: Tools, batch: Batch) -> list[Fixed]:
    """What an earlier attempt fixed and may have sent."""
    async with transaction(tools.engine, Scope(batch.authority_id, everything=True)) as connection:
        rows = (await connection.execute(_PREPARED, {"month": batch.agency_month_id})).all()
    return [Fixed(row.id, row.tran_code) for row in rows]


async def _deliver_one(tools: Tools, national: National, batch: Batch, packet: Fixed) -> bool:
    """Send one packet, a few times over where its answer is lost; whether it was taken.

    Raises:
        NationalError: nobody is there, or a person must do something first.
    """
    while True:
        try:
            await deliver(tools, national, batch, packet)
        except BadPacketError as refused:
            await _give_up(tools, batch, packet, refused)
            return False
        except NationalError as error:
            if national.tries.missed() or not of_one_call(error):
                raise
            await tell_of_trouble(tools, batch.authority_id, error, batch.now)
        else:
            national.tries.through(packet.tran_code)
            return True


async def deliver(tools: Tools, national: National, batch: Batch, packet: Fixed) -> None:
    """Hand one prepared packet over and note that it went; as often as needed.

    Raises:
        NationalError: whatever the gateway says.
    """
    month = {"month": batch.agency_month_id}
    scope = Scope(batch.authority_id, everything=True)
    if not packet.items:
        packet = await _made_again(tools, national, batch, packet)
    await submit_packet(
        national.gateway, packet.sender, national.receiver, packet.tran_code, list(packet.items)
    )
    async with transaction(tools.engine, scope) as connection:
        await connection.execute(_SENT, {"id": packet.id, "now": batch.now})
        await connection.execute(_SENT_ITEMS, {**month, "code": packet.tran_code, "now": batch.now})


async def _made_again(tools: Tools, national: National, batch: Batch, packet: Fixed) -> Fixed:
    """The packet with its items, the same as when it was fixed."""
    month = {"month": batch.agency_month_id}
    async with transaction(tools.engine, Scope(batch.authority_id, everything=True)) as connection:
        about = (await connection.execute(_SENDER, month)).one()
        rows = (await connection.execute(_CONTENT, {**month, "code": packet.tran_code})).all()
        revisions = [row.revision_id for row in rows]
        # A mapping that came into force meanwhile would make another packet under the same code.
        fixed_at = await connection.scalar(_FIXED, {"id": packet.id})
        mapping = national.mapping(fixed_at or batch.now)
        made = await items_of(connection, tools, mapping, batch.authority_id, revisions)
    items: list[PacketItem] = []
    for revision in revisions:
        item = made[revision]
        if isinstance(item, ValueRefusedError):
            raise item  # it was expressed once, when the packet was fixed
        items.append(item)
    sender = sender_code(about.agency_code, about.national_code)
    return replace(packet, sender=sender, items=tuple(items))


async def _give_up(tools: Tools, batch: Batch, packet: Fixed, refused: BadPacketError) -> None:
    """The packet as a whole is refused: its items wait again, for a person to find out why."""
    async with transaction(tools.engine, Scope(batch.authority_id, everything=True)) as connection:
        values = {"month": batch.agency_month_id, "code": packet.tran_code, "now": batch.now}
        await connection.execute(_REFUSED, {"id": packet.id, "why": refused.code, "now": batch.now})
        await connection.execute(_RELEASE, {**values, "why": f"PACKET {refused.code}"})
    await tell_of_trouble(tools, batch.authority_id, refused, batch.now)
