"""The ways of a list's signature made elsewhere, in the workflow of its month."""

from collections.abc import Callable
from typing import Any
from uuid import uuid5

from models.messages import AgencyMonthStart, Signed
from tests.replay.player import Path, Player
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, impossible, soon, told
from workflows.agency_month import AgencyMonthWorkflow

ROUND = uuid5(SUBJECT, "round:1")


def _start() -> AgencyMonthStart:
    return AgencyMonthStart(
        authority_id=AUTHORITY,
        agency_id=OTHER,
        agency_month_id=SUBJECT,
        month="2025-03",
        closes_at=soon(3600),
    )


def _open(version: int, **more: Any) -> Any:
    return told("open", version, left=2, rounds=0, **more)


async def _signed(player: Player) -> None:
    """Not laid out, laid out and given up, then signed, once wrongly; the round approves, and it is sent."""
    for verb in ("open_list_signing", "open_list_signing", "cancel_list_signing", "open_list_signing"):
        await player.says(verb)
    for _ in range(2):
        await player.says("complete_list_signing")
    await player.ends()


PATHS: dict[str, Callable[[], Path]] = {
    "agency_month/signed_elsewhere": lambda: Path(
        AgencyMonthWorkflow,
        _start(),
        Script(
            acts={
                "command": [
                    _open(2, to_prepare=OTHER, settled=False, status=202),
                    _open(4, to_prepare=OTHER, settled=False, status=202),
                    _open(6),
                    _open(7, to_prepare=OTHER, settled=False, status=202),
                    _open(9, to_finish=OTHER, settled=False, status=202),
                    _open(11, to_finish=OTHER, settled=False, status=202),
                ],
                "look": [_open(1)],
                "session_failed": [_open(3, status=422)],
                "session_prepared": [_open(5), _open(8)],
                "session_refused": [_open(10, status=422)],
                "session_judged": [told("open", 12, left=2, status=202, round=ROUND, rounds=1)],
                "approvals_done": [told("open", 13, left=2, to_send=2, rounds=0)],
                "submitted": [told("submitting", 14, left=2, awaiting=2, rounds=0)],
                "receipts": [told("open", 15, left=0, rounds=0)],
                "close_month": [told("closed", 16)],
            },
            prepared=[impossible(), Signed(document="d"), Signed(document="d")],
            finished=[Signed(failure="signature-value-wrong"), Signed(document="d")],
        ),
        _signed,
    ),
}
