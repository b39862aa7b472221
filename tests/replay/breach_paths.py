"""The ways of a breach: notified and closed, reminded of by the hour, heard, long."""

from collections.abc import Callable

from models.messages import Moment, Signed
from models.messages_admin import BreachStart
from tests.replay.player import Path, Player, acts, plays, until_end
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, broken, impossible, told
from workflows.breach import BreachWorkflow


def _start(limit: int = 200) -> BreachStart:
    return BreachStart(authority_id=AUTHORITY, breach_id=SUBJECT, limit=limit)


async def _reminded(player: Player) -> None:
    await player.says("record_breach")
    await player.ends()


async def _hears(player: Player) -> None:
    await player.says("record_breach")
    await player.hears()
    await player.ends()


async def _many(player: Player) -> None:
    for _ in range(6):
        await player.says("add_to_breach")


async def _issued(player: Player) -> None:
    """Made though its key was away for once; then not to be made; and closed while a third is being made."""
    for verb in ("record_breach", "issue_breach_notice"):
        await player.says(verb)
    await player.asked("notice_made")
    await player.says("issue_breach_notice")
    await player.asked("notice_failed")
    for verb in ("issue_breach_notice", "close_breach"):
        await player.says(verb)
    await player.ends()


def _making(number: int, state: str = "open") -> Moment:
    return told(state, number, wake=3600, to_export=OTHER)


PATHS: dict[str, Callable[[], Path]] = {
    "breach/notified": lambda: Path(
        BreachWorkflow,
        _start(),
        acts(
            told("open", 1, wake=3600),
            told("open", 2, wake=3600),
            told("notified", 3),
            told("closed", 4),
            look=[told("open", 1)],
        ),
        plays("record_breach", "add_to_breach", "notify_breach", "close_breach"),
    ),
    "breach/reminded": lambda: Path(
        BreachWorkflow,
        _start(),
        acts(
            lambda: told("open", 1, wake=0.5),
            look=[told("open", 1)],
            wake=[lambda: told("open", 2, wake=0.5), told("closed", 3)],
        ),
        _reminded,
    ),
    "breach/issued": lambda: Path(
        BreachWorkflow,
        _start(),
        Script(
            acts={
                "look": [told("open", 1)],
                "command": [
                    told("open", 1, wake=3600),
                    _making(2),
                    _making(4),
                    _making(6),
                    _making(7, "closed"),
                ],
                "notice_made": [told("open", 3, wake=3600), told("closed", 8)],
                "notice_failed": [told("open", 5, wake=3600)],
            },
            signed=[
                broken(),
                Signed(document="d"),
                Signed(failure="external-signature-needed"),
                Signed(document="e"),
            ],
        ),
        _issued,
    ),
    "breach/found_unmade": lambda: Path(
        BreachWorkflow,
        _start(),
        Script(
            acts={
                "look": [_making(7, "closed")],
                "notice_failed": [told("closed", 8)],
            },
            signed=[impossible()],
        ),
        until_end,
    ),
    "breach/heard": lambda: Path(
        BreachWorkflow,
        _start(),
        acts(told("open", 1, wake=3600), look=[told("open", 1)], wake=[told("closed", 2)]),
        _hears,
    ),
    "breach/next_run": lambda: Path(
        BreachWorkflow,
        _start(limit=20),
        acts(*(told("open", n, wake=3600) for n in range(1, 8)), look=[told("open", 1)]),
        _many,
    ),
    "breach/nobody": lambda: Path(
        BreachWorkflow, _start(), acts(told("", 0, status=404), look=[told("", 0)]), plays()
    ),
}
