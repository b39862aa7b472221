"""The ways of a profile and of a transfer."""

import asyncio
from collections.abc import Callable
from typing import Any

from models.messages import Life, Move, NationalPulled, Signed
from tests.replay.player import Path, Player, acts, plays
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, broken, impossible, told
from workflows.profile import ProfileWorkflow
from workflows.transfer import TransferWorkflow


def _profile(limit: int = 200) -> Life:
    return Life(authority_id=AUTHORITY, profile_id=SUBJECT, limit=limit)


def _signing(version: int) -> Any:
    return told("review", version, to_sign=OTHER, settled=False, status=202)


PROFILE_VERBS = (
    "open_profile", "create_account", "activate_account", "submit_declaration", "return_for_correction",
    "submit_declaration", "reset_password", "give_notice", "withdraw_notice", "report_error",
)  # fmt: skip


async def _to_service(player: Player) -> None:
    for verb in PROFILE_VERBS[:6]:
        await player.says(verb)
    await player.says("approve")


async def _opening(player: Player) -> None:
    await _to_service(player)
    for verb in PROFILE_VERBS[6:]:
        await player.says(verb)


def _opening_script() -> Script:
    chapters = ["account", "account", "declaration", "review", "declaration", "review"]
    before = [told(chapter, n + 1) for n, chapter in enumerate(chapters)]
    after = [told("service", n, wake=3600.0 * n) for n in range(9, 13)]
    return acts(
        *before, _signing(7), *after, look=[told("account", 1)], complete_approval=[told("service", 8)]
    )


async def _account_on_request(player: Player) -> None:
    for verb in (
        "open_profile",
        "request_account",
        "create_account",
        "report_lost_password",
        "reset_password",
    ):
        await player.says(verb)


async def _answered(player: Player) -> None:
    """What the national database corrected: disputed, then another accepted."""
    for _ in range(2):
        await player.says("answer_proposal")


async def _entered(player: Player) -> None:
    for verb in ("enter_form", "report_error", "answer_error"):
        await player.says(verb)


async def _amended(player: Player) -> None:
    await player.says("amend_submission")


async def _fields_changed(player: Player) -> None:
    await player.says("change_fields")


async def _signing_fails(player: Player) -> None:
    for _ in range(3):
        await player.says("approve")


async def _two_approvals(player: Player) -> None:
    await asyncio.gather(player.says("approve"), player.says("approve"))


async def _woken(player: Player) -> None:
    await player.says("give_notice")
    await player.asked("wake", 2)


async def _transfer_heard(player: Player) -> None:
    await player.says("request_transfer")
    await player.hears()
    await player.asked("look", 2)


async def _separated(player: Player) -> None:
    await player.says("separate")
    await player.says("cancel_separation")
    await player.says("separate")
    await player.ends()


REENTRY_VERBS = (
    "reopen_profile", "request_intake", "second", "end_secondment", "claim_transfer", "confirm_move_out",
    "separate",
)  # fmt: skip


async def _reopened(player: Player) -> None:
    for verb in REENTRY_VERBS:
        await player.says(verb)
    await player.ends()


async def _many(player: Player) -> None:
    for _ in range(6):
        await player.says("give_notice")
        await player.hears()
    await player.asked("look", 2)


def _pulling(version: int) -> Any:
    return told("account", version, status=200, to_pull=True, settled=False)


async def _pulled(player: Player) -> None:
    await player.says("pull_national_record")
    await player.says("pull_national_record")


def _exporting(version: int) -> Any:
    return told("service", version, status=200, to_export=OTHER, settled=False)


async def _exported(player: Player) -> None:
    await player.says("export_dossier")
    await player.says("print_dossier")
    await player.says("export_dossier")


async def _slow(player: Player) -> None:
    await player.says("give_notice")


async def _transfer_reminded(player: Player) -> None:
    await player.asked("wake", 1)
    await player.hears()
    await player.asked("look", 2)


async def _transfer_many(player: Player) -> None:
    for _ in range(6):
        await player.says("report_transfer")


def _move(limit: int = 200) -> Move:
    return Move(authority_id=AUTHORITY, transfer_id=SUBJECT, profile_id=OTHER, limit=limit)


def closed(outcome: str, version: int) -> Any:
    """A transfer that has ended."""
    return told("closed", version).model_copy(update={"words": outcome})


PATHS: dict[str, Callable[[], Path]] = {
    "profile/opening_to_approval": lambda: Path(ProfileWorkflow, _profile(), _opening_script(), _opening),
    "profile/account_on_request": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(*(told("account", n) for n in range(2, 7)), look=[told("account", 1)]),
        _account_on_request,
    ),
    "profile/answered_the_national_side": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(*(told("service", n) for n in range(2, 4)), look=[told("service", 1)]),
        _answered,
    ),
    "profile/entered_by_the_agency": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(*(told("review", n) for n in range(2, 5)), look=[told("declaration", 1)]),
        _entered,
    ),
    "profile/amended_by_the_approver": lambda: Path(
        ProfileWorkflow, _profile(), acts(told("review", 2), look=[told("review", 1)]), _amended
    ),
    "profile/fields_changed_by_the_agency": lambda: Path(
        ProfileWorkflow, _profile(), acts(told("service", 2), look=[told("service", 1)]), _fields_changed
    ),
    "profile/signing_fails": lambda: Path(
        ProfileWorkflow,
        _profile(),
        Script(
            acts={
                "command": [_signing(2), _signing(4), _signing(6)],
                "look": [told("review", 1)],
                "fail_approval": [told("review", 3, status=502), told("review", 5, status=502)],
                "complete_approval": [told("service", 7)],
            },
            signed=[
                Signed(failure="certificate-expired"),
                impossible(),
                Signed(document="d", certificate="c"),
            ],
        ),
        _signing_fails,
    ),
    "profile/two_approvals": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(
            _signing(2),
            told("review", 2, status=409, refusal="in-flight"),
            look=[told("review", 1)],
            complete_approval=[told("service", 3)],
        ),
        _two_approvals,
    ),
    "profile/pulled": lambda: Path(
        ProfileWorkflow,
        _profile(),
        Script(
            acts={
                "command": [_pulling(2), _pulling(4)],
                "look": [told("account", 1)],
                "fail_pull": [told("account", 3, status=503)],
                "complete_pull": [told("account", 5)],
            },
            pulled=[NationalPulled(failure="national-maintenance"), NationalPulled(record=OTHER)],
        ),
        _pulled,
    ),
    "profile/exported": lambda: Path(
        ProfileWorkflow,
        _profile(),
        Script(
            acts={
                "command": [_exporting(2), _exporting(4), _exporting(6)],
                "look": [told("service", 1)],
                "complete_export": [told("service", 3), told("service", 5)],
                "fail_export": [told("service", 7, status=503)],
            },
            signed=[Signed(document="d"), Signed(document="e"), impossible()],
        ),
        _exported,
    ),
    "profile/woken": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(
            lambda: told("service", 2, wake=0.5),
            look=[told("service", 1)],
            wake=[lambda: told("service", 3, wake=0.5), lambda: told("service", 3, wake=-1)],
        ),
        _woken,
    ),
    "profile/transfer_heard": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(told("transfer", 2), look=[told("service", 1), told("service", 4)]),
        _transfer_heard,
    ),
    "profile/reopened": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(
            told("account", 6),
            told("account", 7),
            *(told("service", n) for n in range(8, 12)),
            told("separation", 12),
            look=[told("archive", 5)],
            archive=[told("archive", 13)],
        ),
        _reopened,
    ),
    "profile/separated": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(
            told("service", 2, wake=3600),
            told("service", 3),
            told("separation", 4),
            look=[told("service", 1)],
            archive=[told("archive", 5)],
        ),
        _separated,
    ),
    "profile/next_run": lambda: Path(
        ProfileWorkflow,
        _profile(limit=20),
        acts(*(told("service", n, wake=3600) for n in range(2, 9)), look=[told("service", 1)]),
        _many,
    ),
    "profile/database_away": lambda: Path(
        ProfileWorkflow,
        _profile(),
        acts(*(broken() for _ in range(6)), told("service", 2), look=[told("service", 1)]),
        _slow,
    ),
    "profile/nobody": lambda: Path(
        ProfileWorkflow,
        _profile(),
        Script(acts={"look": [told("account", 0)]}),
        plays(),
    ),
    "transfer/accepted": lambda: Path(
        TransferWorkflow,
        _move(),
        acts(
            told("reported", 2, wake=3600),
            told("handed_over", 3),
            closed("accepted", 4),
            look=[told("requested", 1)],
        ),
        plays("report_transfer", "hand_over", "accept_transfer"),
    ),
    "transfer/asked": lambda: Path(
        TransferWorkflow,
        _move(),
        acts(
            told("asked", 2, wake=3600),
            told("handed_over", 3),
            closed("accepted", 4),
            look=[told("requested", 1)],
        ),
        plays("ask_for_profile", "hand_over", "accept_transfer"),
    ),
    "transfer/refused": lambda: Path(
        TransferWorkflow,
        _move(),
        acts(told("reported", 2), closed("refused", 3), look=[told("requested", 1)]),
        plays("report_transfer", "refuse_transfer"),
    ),
    "transfer/withdrawn": lambda: Path(
        TransferWorkflow,
        _move(),
        acts(closed("withdrawn", 2), look=[told("requested", 1)]),
        plays("withdraw_transfer"),
    ),
    "transfer/reminded": lambda: Path(
        TransferWorkflow,
        _move(),
        acts(
            told("requested", 1),
            look=[lambda: told("requested", 1, wake=0.5), told("requested", 3)],
            wake=[lambda: told("requested", 2, wake=-1)],
        ),
        _transfer_reminded,
    ),
    "transfer/next_run": lambda: Path(
        TransferWorkflow,
        _move(limit=20),
        acts(*(told("reported", n) for n in range(2, 9)), look=[told("requested", 1)]),
        _transfer_many,
    ),
    "transfer/nobody": lambda: Path(
        TransferWorkflow, _move(), acts(told("account", 0), look=[told("account", 0)]), plays()
    ),
}
