"""How far a round over a whole list is, for whoever watches: told beside the work, in its own transactions.

The work itself is one transaction, so nothing of it is seen before its end. What is told here has no legal
effect; it is of the server's clock, and never waits for anybody: a row that is busy is told next time.
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text
from temporalio import activity

from models.database import Scope, transaction
from models.messages import Batch
from models.record.tools import Tools

Phase = Literal["describing", "judging", "typesetting", "signing", "writing"]

_TELL = text(
    "UPDATE approval_rounds SET phase = :phase, phase_done = :done, told_at = clock_timestamp(),"
    " phase_at = CASE WHEN :done = 0 OR phase IS DISTINCT FROM :phase THEN clock_timestamp()"
    "   ELSE phase_at END"
    " WHERE command_id = (SELECT command_id FROM approval_rounds WHERE command_id = :id"
    "   FOR NO KEY UPDATE SKIP LOCKED)"
)
_TOLD = text("SELECT phase_done FROM approval_rounds WHERE command_id = :id AND phase = :phase")


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of one round."""

    tools: Tools
    batch: Batch

    async def tell(self, phase: Phase, done: int = 0) -> None:
        """So many items are through this phase; none of them when it begins. The engine hears of it too."""
        activity.heartbeat(phase, done)
        values = {"id": self.batch.command_id, "phase": phase, "done": done}
        async with transaction(self.tools.engine, Scope(self.batch.authority_id, everything=True)) as own:
            await own.execute(_TELL, values)

    async def told(self, phase: Phase) -> int:
        """How many an earlier share of the round was through, where it ended in this phase."""
        values = {"id": self.batch.command_id, "phase": phase}
        async with transaction(self.tools.engine, Scope(self.batch.authority_id, everything=True)) as own:
            return await own.scalar(_TOLD, values) or 0
