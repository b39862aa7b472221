"""The ways of law in motion: reckoned once, told again meanwhile, loaded and adopted and proclaimed."""

from collections.abc import Callable

from models.messages import RecomputeStart, RenewalStart
from models.messages_bulk import BulkStart
from tests.replay.player import Path, Player, acts, until_end
from tests.replay.script import AUTHORITY, SUBJECT, Script, told
from workflows.bulk import BulkWorkflow
from workflows.recompute import RecomputeWorkflow
from workflows.renewal import RenewalWorkflow

START = RecomputeStart(authority_id=AUTHORITY)


async def _hears(player: Player) -> None:
    await player.asked("recompute")
    await player.hears()
    await player.ends()


async def _gives_law(player: Player) -> None:
    for verb in ("load_law", "adopt_law", "proclaim_year"):
        await player.says(verb)
    await player.ends()


async def _opens_campaign(player: Player) -> None:
    await player.says("open_campaign")
    await player.ends()


async def _gives_lists(player: Player) -> None:
    for verb in ("propose_code_list", "decide_code_list"):
        await player.says(verb)
    await player.ends()


RENEWED = RenewalStart(authority_id=AUTHORITY)

ORDERED = BulkStart(authority_id=AUTHORITY, order_id=SUBJECT)

PATHS: dict[str, Callable[[], Path]] = {
    "renewal/once": lambda: Path(RenewalWorkflow, RENEWED, Script(), until_end),
    "bulk/two_shares": lambda: Path(BulkWorkflow, ORDERED, Script(), until_end),
    "recompute/once": lambda: Path(RecomputeWorkflow, START, Script(), until_end),
    "recompute/heard": lambda: Path(RecomputeWorkflow, START, Script(), _hears),
    "recompute/law_given": lambda: Path(
        RecomputeWorkflow, START, acts(told("law", 0, status=201)), _gives_law
    ),
    "recompute/lists_given": lambda: Path(
        RecomputeWorkflow, START, acts(told("law", 0, status=201)), _gives_lists
    ),
    "recompute/campaign": lambda: Path(
        RecomputeWorkflow, START, acts(told("law", 0, status=201)), _opens_campaign
    ),
}
