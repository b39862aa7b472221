"""The ways of a reorganisation: withdrawn, carried out on its day, stopped and tried again, in many runs."""

from collections.abc import Callable

from models.messages import BatchResult
from models.messages_admin import ReorganisationStart
from tests.replay.player import Path, Player, acts
from tests.replay.script import AUTHORITY, SUBJECT, Script, told
from workflows.reorganisation import ReorganisationWorkflow

START = ReorganisationStart(authority_id=AUTHORITY, reorganisation_id=SUBJECT)


async def _planned(player: Player) -> None:
    for verb in ("draft_reorganisation", "amend_reorganisation", "approve_reorganisation"):
        await player.says(verb)
    await player.hears()
    await player.asked("wake")
    await player.says("withdraw_reorganisation")
    await player.ends()


async def _on_its_day(player: Player) -> None:
    await player.says("approve_reorganisation")
    await player.ends()


async def _left(player: Player) -> None:
    """Somebody is left whom nothing moves: tried again later."""
    await player.asked("finish_reorganisation")


def _withdrawn() -> Path:
    states = ("drafted", "drafted", "approved", "withdrawn")
    said = [told(state, n) for n, state in enumerate(states, start=1)]
    script = acts(*said, look=[told("drafted", 1)], wake=[said[2]])
    return Path(ReorganisationWorkflow, START, script, _planned)


def _day(*finishes: int, moves: list[BatchResult]) -> Script:
    """Approved, begun a moment later; ``finishes`` are the people left at each end of the day."""
    ends = [told("executing", 4, left=left) if left else told("done", 5) for left in finishes]
    script = acts(
        lambda: told("approved", 2, wake=1.0),
        look=[told("drafted", 1)],
        wake=[told("executing", 3, left=9)],
        finish_reorganisation=list(ends),
    )
    script.batches["move"] = moves
    return script


SHARE, REST, NOBODY = BatchResult(done=5, more=True), BatchResult(done=4), BatchResult(done=0)


def _carried_out() -> Path:
    return Path(ReorganisationWorkflow, START, _day(2, 0, moves=[SHARE, REST, REST]), _on_its_day)


def _stopped() -> Path:
    script = _day(0, moves=[REST])
    script.acts["wake"].insert(0, lambda: told("approved", 3, wake=1.0))
    return Path(ReorganisationWorkflow, START, script, _on_its_day)


def _waiting() -> Path:
    script = acts(look=[told("executing", 3, left=1)], finish_reorganisation=[told("executing", 4, left=1)])
    script.batches["move"] = [NOBODY]
    return Path(ReorganisationWorkflow, START, script, _left)


def _long() -> Path:
    """A day so long that it goes on in another run."""
    start = START.model_copy(update={"limit": 20})
    return Path(
        ReorganisationWorkflow, start, _day(1, 0, moves=[SHARE, SHARE, SHARE, REST, REST]), _on_its_day
    )


async def _nothing(player: Player) -> None:
    await player.ends()


PATHS: dict[str, Callable[[], Path]] = {
    "reorganisation/unknown": lambda: Path(ReorganisationWorkflow, START, acts(look=[told("", 0)]), _nothing),
    "reorganisation/withdrawn": _withdrawn,
    "reorganisation/carried_out": _carried_out,
    "reorganisation/tree_told": _carried_out,
    "reorganisation/stopped": _stopped,
    "reorganisation/somebody_left": _waiting,
    "reorganisation/long": _long,
}
