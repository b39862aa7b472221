"""What each item of a round came to, for whoever asked for the round, and beside the item itself.

``at`` is the server's clock: it says how fast the round goes, and nothing with legal effect reads it.
"""

from collections.abc import Iterable
from uuid import UUID, uuid5

from sqlalchemy import text

from models.database import Query
from models.messages import Ask, Batch
from models.record.act import act
from models.record.tools import Tools

OWN = "own-approval"
"""Reason of an item that its approver may not approve: it is the approver's own, or was entered by them."""

_STAYS = text(
    "UPDATE month_items SET reason = :reason, changed_at = :now WHERE agency_month_id = :month"
    " AND profile_id = :profile AND state = 'listed' AND reason IS DISTINCT FROM :reason"
)
_CLEAR = text(
    "UPDATE month_items SET reason = NULL, changed_at = :now WHERE agency_month_id = :month"
    " AND profile_id = :profile AND reason IS NOT NULL AND state = 'approved'"
)
_RESULT = text(
    "INSERT INTO approval_results (command_id, profile_id, authority_id, agency_month_id, outcome, reason,"
    " at) VALUES (:command, :profile, :authority, :month, :outcome, :reason, clock_timestamp())"
    " ON CONFLICT (command_id, profile_id) DO NOTHING"
)


def stays(batch: Batch, profile_id: UUID, reason: str) -> list[Query]:
    """The item waits on, and why."""
    values = {**_named(batch, profile_id), "reason": reason}
    return [(_STAYS, values), (_RESULT, {**values, "outcome": "stays"})]


def approved(batch: Batch, profile_id: UUID) -> list[Query]:
    """The item is approved, and nothing is said against it any more."""
    values = {**_named(batch, profile_id), "reason": None}
    return [(_CLEAR, values), (_RESULT, {**values, "outcome": "approved"})]


def _named(batch: Batch, profile_id: UUID) -> dict[str, object]:
    return {
        "month": batch.agency_month_id,
        "profile": profile_id,
        "command": batch.command_id,
        "authority": batch.authority_id,
        "now": batch.now,
    }


async def tell_own(tools: Tools, batch: Batch, command_id: UUID, reasons: Iterable[str]) -> None:
    """Have whoever else signs here told of the files that stay because they are the approver's own; once."""
    items = sum(reason == OWN for reason in reasons)
    if not items:
        return
    step = str(uuid5(command_id, OWN))
    await act(
        tools,
        Ask(
            authority_id=batch.authority_id,
            subject="agency_month",
            subject_id=batch.agency_month_id,
            internal="own_left",
            now=batch.now,
            facts={"items": items, "step": step},
            bulk=True,
        ),
    )
