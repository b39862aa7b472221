"""Open duties reckoned again after a load of law or calendar; goes on behind the last page after a crash."""

from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from models.activity_interfaces import RecomputeActivities
from models.messages import RecomputeDone, RecomputeStart
from models.record.recompute import Recomputed, recompute
from models.record.tools import Tools


@dataclass(frozen=True, slots=True)
class RecomputeOffice(RecomputeActivities):
    """One per worker process."""

    tools: Tools

    @activity.defn(name="recompute_duties")
    async def recompute_duties(self, start: RecomputeStart) -> RecomputeDone:
        """See ``models.record.recompute``; the page reached and the counts are kept with the engine."""
        assert start.now is not None, "the workflow says what time it is"
        done = await recompute(self.tools, start.authority_id, start.now, begun=_begun(), beat=_beat)
        return RecomputeDone(seen=done.seen, moved=done.moved, unchanged=done.unchanged, kept=done.kept)


def _beat(done: Recomputed) -> None:
    after = str(done.after) if done.after else ""
    activity.heartbeat(after, done.seen, done.moved, done.unchanged, done.kept)


def _begun() -> Recomputed | None:
    """Where the attempt before this one stopped; none at the first."""
    said = activity.info().heartbeat_details
    if not said:
        return None
    after, seen, moved, unchanged, kept = said
    begun = Recomputed(seen=seen, moved=moved, unchanged=unchanged, kept=kept)
    begun.after = UUID(after) if after else None
    return begun
