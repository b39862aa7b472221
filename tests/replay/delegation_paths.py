"""The ways of a delegation: taken back, agreed to, announced and expired, ended by what it rests on."""

from collections.abc import Callable

from models.messages import Lending
from tests.replay.player import Path, Player, acts, plays
from tests.replay.script import AUTHORITY, SUBJECT, told
from workflows.delegation import DelegationWorkflow


def _lending(limit: int = 200) -> Lending:
    return Lending(authority_id=AUTHORITY, delegation_id=SUBJECT, limit=limit)


async def _expires(player: Player) -> None:
    await player.says("delegate")
    await player.ends()


async def _hears(player: Player) -> None:
    await player.says("delegate")
    await player.hears()
    await player.ends()


async def _many(player: Player) -> None:
    for _ in range(6):
        await player.says("delegate")


PATHS: dict[str, Callable[[], Path]] = {
    "delegation/taken_back": lambda: Path(
        DelegationWorkflow,
        _lending(),
        acts(told("granted", 1, wake=3600), told("ended", 2), look=[told("granted", 1)]),
        plays("delegate", "revoke_delegation"),
    ),
    "delegation/agreed": lambda: Path(
        DelegationWorkflow,
        _lending(),
        acts(
            told("waiting", 1, wake=3600),
            told("granted", 2, wake=3600),
            told("ended", 3),
            look=[told("waiting", 1)],
        ),
        plays("delegate", "agree_delegation", "revoke_delegation"),
    ),
    "delegation/expired": lambda: Path(
        DelegationWorkflow,
        _lending(),
        acts(
            lambda: told("granted", 1, wake=0.5),
            look=[told("granted", 1)],
            wake=[lambda: told("granted", 2, wake=0.5), told("ended", 3)],
        ),
        _expires,
    ),
    "delegation/heard": lambda: Path(
        DelegationWorkflow,
        _lending(),
        acts(told("granted", 1, wake=3600), look=[told("granted", 1)], wake=[told("ended", 2)]),
        _hears,
    ),
    "delegation/next_run": lambda: Path(
        DelegationWorkflow,
        _lending(limit=20),
        acts(*(told("granted", n, wake=3600) for n in range(1, 8)), look=[told("granted", 1)]),
        _many,
    ),
    "delegation/nobody": lambda: Path(
        DelegationWorkflow, _lending(), acts(told("", 0, status=404), look=[told("", 0)]), plays()
    ),
}
