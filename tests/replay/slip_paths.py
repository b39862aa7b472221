"""The ways of a slip: made once the key is back, or not to be made as the rule wants it."""

from collections.abc import Callable

from models.messages import Signed
from models.messages_slips import SlipStart
from tests.replay.player import Path, until_end
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, impossible, told
from workflows.slip import SlipWorkflow

START = SlipStart(authority_id=AUTHORITY, slip_id=OTHER, profile_id=SUBJECT)

PATHS: dict[str, Callable[[], Path]] = {
    "slip/made": lambda: Path(
        SlipWorkflow,
        START,
        Script(acts={"slip_made": [told("transfer", 9)]}, signed=[impossible(), Signed(document="d")]),
        until_end,
    ),
    "slip/failed": lambda: Path(
        SlipWorkflow,
        START,
        Script(
            acts={"slip_failed": [told("transfer", 9)]}, signed=[Signed(failure="external-signature-needed")]
        ),
        until_end,
    ),
}
