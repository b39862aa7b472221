"""Approving what a list's command chose: each item by the single item's own rules, each with its own answer.

An item passes through prepared → signed → recorded, each its own transaction. Where a batch is begun again,
the item's rows say where it stands, and it goes on from there: nothing is signed twice (R8, R9).
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity

from activities.signing.errors import SignerAwayError
from activities.signing.office import SigningOffice
from models.database import Scope, transaction
from models.logs import logger
from models.messages import Ask, Batch, BatchResult, Internal, Moment, Signed, SignRequest
from models.record.act import act
from models.record.commands import fate
from models.record.tools import Tools

LANES = 4
"""Items under way at once: as many as the signing office has threads."""
TRIES = 3
"""Times a signature is tried before the item waits for a person again."""

_ITEM = text(
    "SELECT i.revision_id, i.digest, i.state, (SELECT s.state FROM approvals s WHERE s.id = :approval) AS"
    " signing"
    " FROM month_items i WHERE i.agency_month_id = :month AND i.profile_id = :profile"
)
_REASON = text(
    "UPDATE month_items SET reason = :reason, changed_at = :now WHERE agency_month_id = :month"
    " AND profile_id = :profile AND reason IS DISTINCT FROM :reason"
)
_DONE = text(
    "SELECT count(*) FROM month_items WHERE agency_month_id = :month AND profile_id = ANY (:chosen)"
    " AND state IN ('approved', 'cleared', 'sent', 'accepted', 'rejected', 'released', 'sent_back')"
)

log = logger("batches")


async def approve_batch(tools: Tools, signing: SigningOffice, batch: Batch) -> BatchResult:
    """Approve what the command chose and is still waiting; one item's failure stops no other."""
    assert batch.command_id is not None
    scope = Scope(batch.authority_id, everything=True)
    async with transaction(tools.engine, scope) as connection:
        command = await fate(connection, batch.command_id)
    assert command is not None
    assert command.answer is not None
    chosen = [UUID(one) for one in command.answer.get("chosen", ())]
    round_ = Round(tools, signing, batch, batch.command_id, scope)
    for start in range(0, len(chosen), LANES):
        async with asyncio.TaskGroup() as lanes:
            for profile_id in chosen[start : start + LANES]:
                lanes.create_task(round_.approve(profile_id))
        activity.heartbeat(start + LANES)
    async with transaction(tools.engine, scope) as connection:
        done = await connection.scalar(_DONE, {"month": batch.agency_month_id, "chosen": chosen})
    return BatchResult(done=done or 0, refused=len(chosen) - (done or 0))


@dataclass(frozen=True, slots=True)
class Round:
    """One command's round over its list."""

    tools: Tools
    signing: SigningOffice
    batch: Batch
    command_id: UUID
    scope: Scope

    async def approve(self, profile_id: UUID) -> None:
        """Approve one item, from wherever an earlier attempt left it."""
        # The ids that `act` gives the item's own command and its approval.
        approval_id = uuid5(uuid5(self.command_id, str(profile_id)), "approval")
        item = await self._item(profile_id, approval_id)
        if item is None or item.state != "listed" or item.signing == "failed":
            return  # moved away, answered by an earlier attempt, or refused by it
        if item.signing is None:
            prepared = await self._ask(
                profile_id,
                "approve_item",
                command=str(self.command_id),
                revision=str(item.revision_id),
                digest=item.digest,
            )
            if prepared.to_sign is None:
                await self._explain(profile_id, prepared.refusal or f"status-{prepared.status}")
                return
        signed = await self._sign(profile_id, approval_id)
        if signed.failure:
            await self._ask(profile_id, "fail_approval", approval=str(approval_id), reason=signed.failure)
            await self._explain(profile_id, signed.failure)
            return
        await self._ask(
            profile_id,
            "complete_approval",
            approval=str(approval_id),
            document=signed.document,
            certificate=signed.certificate,
        )
        await self._explain(profile_id, None)

    async def _item(self, profile_id: UUID, approval_id: UUID) -> Row[Any] | None:
        values = {"month": self.batch.agency_month_id, "profile": profile_id, "approval": approval_id}
        async with transaction(self.tools.engine, self.scope) as connection:
            return (await connection.execute(_ITEM, values)).one_or_none()

    async def _ask(self, profile_id: UUID, internal: Internal, **facts: str) -> Moment:
        return await act(
            self.tools,
            Ask(
                authority_id=self.batch.authority_id,
                subject="profile",
                subject_id=profile_id,
                internal=internal,
                now=self.batch.now,
                facts=dict(facts),
                bulk=True,
            ),
        )

    async def _sign(self, profile_id: UUID, approval_id: UUID) -> Signed:
        """The signature, or why there is none. Only a database or a token that is away ends the attempt."""
        request = SignRequest(
            authority_id=self.batch.authority_id,
            profile_id=profile_id,
            approval_id=approval_id,
            now=self.batch.now,
        )
        for attempt in range(1, TRIES + 1):
            try:
                return await self.signing.sign(request)
            except (SQLAlchemyError, SignerAwayError):
                raise
            except Exception as error:
                # Whatever a key store, a token or a disk may raise: this item waits, the others go on.
                log.warning("batch.not_signed", profile_id=str(profile_id), attempt=attempt, exc_info=error)
        return Signed(failure="signing-unavailable")

    async def _explain(self, profile_id: UUID, reason: str | None) -> None:
        """Write beside the item why it still waits; nothing once it no longer does."""
        values = {
            "reason": reason,
            "now": self.batch.now,
            "month": self.batch.agency_month_id,
            "profile": profile_id,
        }
        async with transaction(self.tools.engine, self.scope) as connection:
            await connection.execute(_REASON, values)
