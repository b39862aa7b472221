"""The office of orders over many people: rehearsed or carried out item by item.

An item passes through written down → done → answered, each its own transaction. Where a share is begun again,
the item's command says where it stands: nothing is done twice, whoever died in between (R8, R9).
"""

import asyncio
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity

from activities.signing.errors import SignerAwayError
from activities.signing.office import SigningOffice
from models.activity_interfaces import BulkActivities
from models.logs import logger
from models.messages import Ask, Internal, Moment, Signed, SignRequest
from models.messages_bulk import BulkDone, BulkShare
from models.record import orders
from models.record.act import act
from models.record.tools import Tools

LANES = 4
"""Items under way at once: as many as the signing office has threads."""
TRIES = 3
"""Times a signature is tried before its item is refused for now."""

log = logger("bulk")


@dataclass(frozen=True, slots=True)
class BulkOffice(BulkActivities):
    """One per worker process."""

    tools: Tools
    signing: SigningOffice

    @activity.defn(name="run_bulk")
    async def run_bulk(self, share: BulkShare) -> BulkDone:
        """Carry out the next items; one item's refusal stops no other.

        Raises:
            BaseExceptionGroup: what stopped items (no database, a key that is away for now): nothing is
                skipped, they are tried again.
        """
        rows = await orders.waiting(self.tools, share.authority_id, share.order_id, share.most)
        items = [orders.doing(self.tools, share.authority_id, row, share.now) for row in rows]
        for start in range(0, len(items), LANES):
            lanes = (self.carry_out(item) for item in items[start : start + LANES])
            # Not a task group: it would throw away signatures that are being made in other lanes.
            ended = await asyncio.gather(*lanes, return_exceptions=True)
            if stopped := [one for one in ended if isinstance(one, BaseException)]:
                raise BaseExceptionGroup("items that were stopped", stopped)
            activity.heartbeat(start + LANES)
        found = await orders.finish(self.tools, share.authority_id, share.order_id, share.now)
        return BulkDone(done=found.done, refused=found.refused, left=found.left)

    async def carry_out(self, item: orders.Doing) -> None:
        """One item, from wherever an earlier attempt left it."""
        if not item.dry_run:
            await orders.write_down(self.tools, item)
            moment = await act(self.tools, item.ask)
            if moment.to_sign is not None and not moment.settled:
                await self._sign(item, moment)
        await orders.answer(self.tools, item, await orders.judged(self.tools, item))

    async def _sign(self, item: orders.Doing, prepared: Moment) -> None:
        """The signature an approval waits for, and the act that follows it."""
        assert prepared.to_sign is not None
        signed = await self._signature(item, prepared)
        common = {"approval": str(prepared.to_sign), "settles": str(item.id)}
        if signed.failure:
            await self._then(item, "fail_approval", **common, reason=signed.failure)
            return
        made = {"document": signed.document, "certificate": signed.certificate}
        await self._then(item, "complete_approval", **common, **made)

    async def _signature(self, item: orders.Doing, prepared: Moment) -> Signed:
        """The signature, or why there is none. Only a database or a token that is away ends the attempt."""
        assert prepared.to_sign is not None
        request = SignRequest(
            authority_id=item.ask.authority_id,
            profile_id=item.ask.subject_id,
            approval_id=prepared.to_sign,
            now=item.ask.now,
        )
        for attempt in range(1, TRIES + 1):
            try:
                return await self.signing.sign(request)
            except (SQLAlchemyError, SignerAwayError):
                raise  # awaited without end, at this very item
            except Exception as error:
                # Whatever a key store or a disk may raise: this item fails by name, the others go on.
                log.warning(
                    "bulk.not_signed", profile_id=str(item.ask.subject_id), attempt=attempt, exc_info=error
                )
        return Signed(failure="signing-unavailable")

    async def _then(self, item: orders.Doing, internal: Internal, **facts: str) -> None:
        ask = Ask(
            authority_id=item.ask.authority_id,
            subject="profile",
            subject_id=item.ask.subject_id,
            internal=internal,
            now=item.ask.now,
            facts=dict(facts),
            aside=True,
        )
        await act(self.tools, ask)
