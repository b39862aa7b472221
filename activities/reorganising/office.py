"""The people of a reorganisation moved on its day; goes on at the next person after a crash."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog
from temporalio import activity

from models.activity_interfaces import ReorganisationActivities
from models.calendar import legal_date
from models.database import Scope, transaction
from models.lifecycle.moving import Reshaping
from models.messages import BatchResult
from models.messages_admin import ReorganisationBatch
from models.record.moving_day import BehindError, Day, move_all
from models.record.reorganisation_rows import reorganised
from models.record.tools import Tools

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReorganisingOffice(ReorganisationActivities):
    """One per worker process."""

    tools: Tools

    @activity.defn(name="move_people")
    async def move_people(self, batch: ReorganisationBatch) -> BatchResult:
        """See ``models.record.moving_day``; the rows are the cursor, the engine is told the counts."""
        scope = Scope(batch.authority_id, everything=True, on=legal_date(batch.now))
        async with transaction(self.tools.engine, scope) as connection:
            case = await reorganised(connection, batch.reorganisation_id)
        switches = {unit: one for one in case.switches for unit in one.units}
        reshaping = Reshaping(
            case.id, case.effective_on, case.document, case.heirs, switches=switches, undone=case.undone
        )
        try:
            day = await move_all(
                self.tools, batch.authority_id, reshaping, batch.now, most=batch.most, beat=_beat
            )
        except BehindError as behind:
            _told(case.id, behind.people)
            raise
        _told(case.id, day.held)
        # Who cannot be moved is tried again by the plan's own hour, not by the next batch at once.
        return BatchResult(done=day.moved, refused=day.left, more=not day.over and not day.stopped)


def _told(case_id: UUID, held: Mapping[UUID, Exception]) -> None:
    for profile, error in held.items():
        log.error("a person cannot be moved", case_id=str(case_id), profile_id=str(profile), exc_info=error)


def _beat(day: Day) -> None:
    activity.heartbeat(day.moved, day.left)
