"""The ways of a list's and of a report's signature made elsewhere, in the workflows of month and review."""

from collections.abc import Callable
from typing import Any
from uuid import uuid5

from models.messages import AgencyMonthStart, ReviewMoment, ReviewPlan, ReviewStart, Signed
from tests.replay.player import Path, Player
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, impossible, soon, told
from workflows.agency_month import AgencyMonthWorkflow
from workflows.review import ReviewWorkflow

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


def _stands(state: str) -> Callable[[], ReviewMoment]:
    return lambda: ReviewMoment(state=state, words=f"{state}: 1", next_at=soon(3600))


async def _signed(player: Player) -> None:
    """Not laid out, laid out and given up, then signed, once wrongly; the round approves, and it is sent."""
    for verb in ("open_list_signing", "open_list_signing", "cancel_list_signing", "open_list_signing"):
        await player.says(verb)
    for _ in range(2):
        await player.says("complete_list_signing")
    await player.ends()


async def _reported(player: Player) -> None:
    """Not laid out, given up, then signed: each in the one workflow that serves all reports of a review."""
    await player.asked("work", 1)
    verbs = ["open_report_signing", "open_report_signing", "cancel_report_signing", "open_report_signing"]
    for verb in [*verbs, "complete_report_signing"]:
        await player.says(verb, SUBJECT)
    await player.hears()
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
    "review/signed_elsewhere": lambda: Path(
        ReviewWorkflow,
        ReviewStart(authority_id=AUTHORITY, period="2098-q4"),
        Script(
            acts={
                "command": [
                    told("signing", 2, to_prepare=OTHER, settled=False, status=202),
                    told("signing", 4, to_prepare=OTHER, settled=False, status=202),
                    told("open", 6),
                    told("signing", 7, to_prepare=OTHER, settled=False, status=202),
                    told("signing", 9, to_finish=OTHER, settled=False, status=202),
                ],
                "session_failed": [told("open", 3, status=422)],
                "session_prepared": [told("signing", 5), told("signing", 8)],
                "session_judged": [told("sent", 10)],
            },
            prepared=[Signed(failure="certificate-revoked"), Signed(document="d"), Signed(document="d")],
            finished=[Signed(document="d")],
            plans=[
                lambda: ReviewPlan(opens_at=soon(-1), ends_at=soon(3600), next_period="2099-q1"),
            ],
            reviews=[*[_stands("open")] * 6, _stands("closed")],
        ),
        _reported,
    ),
}
