"""Approving what a list's command chose: each item by the single item's own rules, each with its own answer.

An item passes through prepared → signed → recorded, each its own transaction. Where a batch is begun again,
the item's rows say where it stands, and it goes on from there: nothing is signed twice (R8, R9).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity

from activities.batches.results import approved, stays, tell_own
from activities.signing.errors import NotNowError, SignerAwayError
from activities.signing.office import SigningOffice
from models.database import Scope, together, transaction
from models.lifecycle.gate import GONE
from models.logs import logger
from models.messages import Ask, Batch, BatchResult, Internal, Moment, Signed, SignRequest
from models.record.act import act
from models.record.tools import Tools

LANES = 4
"""Items under way at once: as many as the signing office has threads."""
TRIES = 3
"""Times a signature is tried before the item waits for a person again."""

_ITEM = text(
    "SELECT i.revision_id, i.digest, i.state, i.reason,"
    " (SELECT s.state FROM approvals s WHERE s.id = :approval) AS signing"
    " FROM month_items i WHERE i.agency_month_id = :month AND i.profile_id = :profile"
)
_ANSWERED = text(
    "SELECT profile_id FROM approval_results WHERE command_id = :command AND profile_id = ANY (:chosen)"
)
_DONE = text(
    "SELECT count(*) FROM month_items WHERE agency_month_id = :month AND profile_id = ANY (:chosen)"
    " AND state = ANY (:done)"
)
_REASONS = text(
    "SELECT reason FROM month_items WHERE agency_month_id = :month AND profile_id = ANY (:chosen)"
    " AND state = 'listed' AND reason IS NOT NULL"
)
DONE = ("approved", "held", "cleared", *GONE)
"""States of an item that has been approved."""

log = logger("batches")


async def approve_each(round_: "Round", chosen: Sequence[UUID]) -> BatchResult:
    """Approve what the command chose and has no answer yet; one item's failure stops no other.

    No more than the batch's share: then other agencies have their turn.

    Raises:
        BaseExceptionGroup: what stopped items, e.g. `SignerAwayError`, the key cannot be reached now; nothing
            is skipped, and what was being signed beside them was signed and written first.
    """
    left = await round_.unanswered(chosen)
    share = left[: round_.batch.most]
    for start in range(0, len(share), LANES):
        lanes = (round_.approve(profile_id) for profile_id in share[start : start + LANES])
        # Not a task group: it would throw away signatures that people's keys have just made in other lanes.
        ended = await asyncio.gather(*lanes, return_exceptions=True)
        if stopped := [one for one in ended if isinstance(one, BaseException)]:
            raise BaseExceptionGroup("items that were stopped", stopped)
        activity.heartbeat(start + LANES)
    if len(share) < len(left):
        return BatchResult(more=True)
    async with transaction(round_.tools.engine, round_.scope) as connection:
        values = {"month": round_.batch.agency_month_id, "chosen": list(chosen), "done": list(DONE)}
        done = await connection.scalar(_DONE, values)
        reasons = (await connection.execute(_REASONS, values)).scalars().all()
    await tell_own(round_.tools, round_.batch, round_.command_id, reasons)
    return BatchResult(done=done or 0, refused=len(chosen) - (done or 0))


@dataclass(frozen=True, slots=True)
class Round:
    """One command's round over its list."""

    tools: Tools
    signing: SigningOffice
    batch: Batch
    command_id: UUID
    scope: Scope
    patient: bool = True
    """Whether a key that is away is waited for; else what needs it waits for a person."""

    async def unanswered(self, chosen: Sequence[UUID]) -> list[UUID]:
        """What an earlier share or attempt has not answered, in the order in which it was chosen."""
        values = {"command": self.command_id, "chosen": list(chosen)}
        async with transaction(self.tools.engine, self.scope) as connection:
            answered = set((await connection.execute(_ANSWERED, values)).scalars())
        return [profile_id for profile_id in chosen if profile_id not in answered]

    async def approve(self, profile_id: UUID) -> None:
        """Approve one item, from wherever an earlier attempt left it."""
        # The ids that `act` gives the item's own command and its approval.
        approval_id = uuid5(uuid5(self.command_id, str(profile_id)), "approval")
        item = await self._item(profile_id, approval_id)
        if item is None or item.state != "listed" or item.signing == "failed":
            # Moved away, or answered by an earlier attempt that was cut off before it said so.
            done = item is not None and item.state in DONE
            gone = "moved" if item is None else item.state
            why = item.reason if item is not None and item.reason else "signing-unavailable"
            await self._result(profile_id, None if done else why if gone == "listed" else gone)
            return
        if item.signing is None:
            prepared = await self._ask(
                profile_id,
                "approve_item",
                command=str(self.command_id),
                revision=str(item.revision_id),
                digest=item.digest,
            )
            if prepared.to_sign is None:
                await self._result(profile_id, prepared.refusal or f"status-{prepared.status}")
                return
        signed = await self._sign(profile_id, approval_id)
        if signed.failure:
            await self._ask(profile_id, "fail_approval", approval=str(approval_id), reason=signed.failure)
            await self._result(profile_id, signed.failure)
            return
        await self._ask(
            profile_id,
            "complete_approval",
            approval=str(approval_id),
            command=str(self.command_id),
            document=signed.document,
            certificate=signed.certificate,
        )
        await self._result(profile_id, None)

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
            except SQLAlchemyError:
                raise
            except SignerAwayError as away:
                if self.patient or isinstance(away, NotNowError):
                    raise  # others are awaited without end, at this very item
                return Signed(failure=away.code)
            except Exception as error:
                # Whatever a key store, a token or a disk may raise: this item waits, the others go on.
                log.warning("batch.not_signed", profile_id=str(profile_id), attempt=attempt, exc_info=error)
        return Signed(failure="signing-unavailable")

    async def _result(self, profile_id: UUID, reason: str | None) -> None:
        """Write what the item came to: why it waits, or that it no longer does; the first stands."""
        found = approved(self.batch, profile_id) if reason is None else stays(self.batch, profile_id, reason)
        async with transaction(self.tools.engine, self.scope) as connection:
            await together(connection, found)
