"""The ways of a data review."""

from collections.abc import Callable

from models.messages import ReviewMoment, ReviewPlan, ReviewStart, Signed
from tests.replay.player import Path, Player, until_end
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, impossible, soon, told
from workflows.review import ReviewWorkflow


def _plan(opens: float | None, *, over: bool = False, ends: float = 3600) -> Callable[[], ReviewPlan]:
    return lambda: ReviewPlan(
        opens_at=soon(opens) if opens is not None else None,
        over=over,
        ends_at=soon(ends),
        next_period="2099-q1",
    )


def _stands(state: str, seconds: float | None = None) -> Callable[[], ReviewMoment]:
    return lambda: ReviewMoment(
        state=state, words=f"{state}: 1", next_at=soon(seconds) if seconds is not None else None
    )


def _review(limit: int = 1000) -> ReviewStart:
    return ReviewStart(authority_id=AUTHORITY, period="2098-q4", limit=limit)


def _signs(version: int) -> object:
    return told("signing", version, to_sign=OTHER, settled=False, status=202)


async def _reports(player: Player) -> None:
    await player.asked("work", 2)
    for _ in range(4):
        await player.says("sign_report", SUBJECT)
    await player.hears()
    await player.ends()


async def _many(player: Player) -> None:
    for n in range(5):
        await player.hears()
        await player.asked("work", n + 2)


PATHS: dict[str, Callable[[], Path]] = {
    "review/campaign": lambda: Path(
        ReviewWorkflow,
        _review(),
        Script(
            acts={
                "command": [_signs(2), told("open", 2, status=403), _signs(4), _signs(6)],
                "complete_report": [told("sent", 3)],
                "fail_report": [told("open", 5, status=502), told("open", 7, status=502)],
            },
            signed=[
                Signed(document="d", certificate="c"),
                Signed(failure="certificate-expired"),
                impossible(),
            ],
            plans=[_plan(1.0), _plan(-1)],
            reviews=[_stands("open", 0.3), *[_stands("open", 3600)] * 5, _stands("closed")],
        ),
        _reports,
    ),
    "review/no_such_report": lambda: Path(
        ReviewWorkflow,
        _review(),
        Script(plans=[_plan(None, ends=0.5), _plan(None, ends=-1)]),
        until_end,
    ),
    "review/over": lambda: Path(ReviewWorkflow, _review(), Script(plans=[_plan(None, over=True)]), until_end),
    "review/next_runs_already": lambda: Path(
        ReviewWorkflow,
        _review(),
        Script(plans=[_plan(-1)], reviews=[_stands("closed")]),
        until_end,
        ids={"before": f"review/{AUTHORITY}/2099-q1"},
    ),
    "review/next_run": lambda: Path(
        ReviewWorkflow,
        _review(limit=20),
        Script(plans=[_plan(-1)], reviews=[_stands("open", 3600)]),
        _many,
    ),
}
