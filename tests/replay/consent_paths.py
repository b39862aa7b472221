"""Consents, requests, merges and the end of a file: said and answered, no timer waits for their end."""

from collections.abc import Callable

from models.messages import Life
from tests.replay.player import Path, Player, acts
from tests.replay.script import AUTHORITY, SUBJECT, told
from workflows.profile import ProfileWorkflow


async def _consents(player: Player) -> None:
    for verb in ("allow_access", "revoke_access", "ask_consent", "answer_consent", "withdraw_consent"):
        await player.says(verb)


async def _requests(player: Player) -> None:
    verbs = ("request_rectification", "answer_rectification", "open_dispute", "decide_dispute")
    for verb in (*verbs, "withdraw_request"):
        await player.says(verb)


async def _disposal(player: Player) -> None:
    for verb in ("place_hold", "end_hold", "propose_disposal", "withdraw_disposal", "approve_disposal"):
        await player.says(verb)


async def _merging(player: Player) -> None:
    for verb in ("propose_profile_merge", "withdraw_profile_merge", "approve_profile_merge"):
        await player.says(verb)


PATHS: dict[str, Callable[[], Path]] = {
    "profile/consents": lambda: Path(
        ProfileWorkflow,
        Life(authority_id=AUTHORITY, profile_id=SUBJECT),
        acts(*(told("service", n) for n in range(2, 7)), look=[told("service", 1)]),
        _consents,
    ),
    "profile/requests": lambda: Path(
        ProfileWorkflow,
        Life(authority_id=AUTHORITY, profile_id=SUBJECT),
        acts(*(told("service", n) for n in range(2, 7)), look=[told("service", 1)]),
        _requests,
    ),
    "profile/disposal": lambda: Path(
        ProfileWorkflow,
        Life(authority_id=AUTHORITY, profile_id=SUBJECT),
        acts(*(told("service", n) for n in range(2, 7)), look=[told("service", 1)]),
        _disposal,
    ),
    "profile/merging": lambda: Path(
        ProfileWorkflow,
        Life(authority_id=AUTHORITY, profile_id=SUBJECT),
        acts(told("service", 2), told("service", 3), told("archive", 4), look=[told("service", 1)]),
        _merging,
    ),
}
