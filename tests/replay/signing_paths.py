"""The ways of a signature made elsewhere, and of the certificates it is made by."""

from collections.abc import Callable
from typing import Any

from models.messages import AccountStart, CertificateStart, Life, Signed
from tests.replay.player import Path, Player, acts
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, impossible, told
from workflows.account import AccountWorkflow
from workflows.certificate import CertificateWorkflow
from workflows.profile import ProfileWorkflow

LIFE = Life(authority_id=AUTHORITY, profile_id=SUBJECT)


def _preparing(version: int) -> Any:
    return told("review", version, to_prepare=OTHER, settled=False, status=202)


def _finishing(version: int) -> Any:
    return told("review", version, to_finish=OTHER, settled=False, status=202)


async def _signed(player: Player) -> None:
    for verb in ("open_own_signing", "complete_signing", "open_signing", "complete_signing"):
        await player.says(verb)


async def _troubled(player: Player) -> None:
    """Not prepared twice, not accepted twice, then given up."""
    for verb in ("open_signing",) * 3 + ("complete_signing",) * 2 + ("cancel_signing",):
        await player.says(verb)


async def _exported(player: Player) -> None:
    """Not laid out, laid out and given up, then signed, once wrongly; the seal follows, and it leaves."""
    verbs = ["open_export_signing", "open_export_signing", "cancel_export_signing", "open_export_signing"]
    for verb in [*verbs, "complete_export_signing", "complete_export_signing"]:
        await player.says(verb)


def _at(version: int, **waits: Any) -> Any:
    return told("service", version, settled=False, status=202, **waits)


async def _accounts(player: Player) -> None:
    for verb in ("open_agency_account", "grant_role", "suspend_account", "resume_account"):
        await player.says(verb)
    for verb in ("restrict_grant", "extend_grant", "revoke_grant", "issue_password", "hand_over_account"):
        await player.says(verb)
    for verb in ("reset_second_factor", "end_sessions", "close_account"):
        await player.says(verb)
    await player.ends()


async def _posts(player: Player) -> None:
    for verb in ("appoint", "relieve"):
        await player.says(verb)
    await player.ends()


async def _certificates(player: Player) -> None:
    for verb in ("register_certificate", "withdraw_certificate"):
        await player.says(verb)
    await player.ends()


async def _services(player: Player) -> None:
    for verb in ("open_service_account", "register_service_key", "withdraw_service_key"):
        await player.says(verb)


PATHS: dict[str, Callable[[], Path]] = {
    "profile/export_signed_elsewhere": lambda: Path(
        ProfileWorkflow,
        LIFE,
        Script(
            acts={
                "command": [
                    _at(2, to_prepare=OTHER),
                    _at(4, to_prepare=OTHER),
                    told("service", 6),
                    _at(7, to_prepare=OTHER),
                    _at(9, to_finish=OTHER),
                    _at(11, to_finish=OTHER),
                ],
                "look": [told("service", 1)],
                "session_failed": [told("service", 3, status=422)],
                "session_prepared": [told("service", 5), told("service", 8)],
                "session_refused": [told("service", 10, status=422)],
                "session_judged": [told("service", 12, status=201)],
            },
            prepared=[impossible(), Signed(document="d"), Signed(document="d")],
            finished=[Signed(failure="signature-value-wrong"), Signed(document="d")],
        ),
        _exported,
    ),
    "profile/signed_elsewhere": lambda: Path(
        ProfileWorkflow,
        LIFE,
        acts(
            _preparing(2),
            _finishing(4),
            _preparing(6),
            _finishing(8),
            look=[told("declaration", 1)],
            session_prepared=[told("declaration", 3), told("review", 7)],
            complete_approval=[told("review", 5), told("service", 9)],
        ),
        _signed,
    ),
    "profile/signing_session_fails": lambda: Path(
        ProfileWorkflow,
        LIFE,
        Script(
            acts={
                "command": [
                    _preparing(2),
                    _preparing(4),
                    _preparing(6),
                    _finishing(8),
                    _finishing(10),
                    told("review", 12),
                ],
                "look": [told("review", 1)],
                "session_failed": [told("review", 3, status=422), told("review", 5, status=422)],
                "session_prepared": [told("review", 7)],
                "session_refused": [told("review", 9, status=422), told("review", 11, status=422)],
            },
            prepared=[Signed(failure="certificate-revoked"), impossible(), Signed(document="d")],
            finished=[Signed(failure="signature-value-wrong"), impossible()],
        ),
        _troubled,
    ),
    "account/managed": lambda: Path(
        AccountWorkflow,
        AccountStart(authority_id=AUTHORITY, account_id=SUBJECT),
        acts(told("account", 0, status=201), *(told("account", 0) for _ in range(11))),
        _accounts,
    ),
    "account/services": lambda: Path(
        AccountWorkflow,
        AccountStart(authority_id=AUTHORITY, account_id=SUBJECT),
        acts(told("account", 0, status=201), told("account", 0, status=201), told("account", 0)),
        _services,
    ),
    "account/posts": lambda: Path(
        AccountWorkflow,
        AccountStart(authority_id=AUTHORITY, account_id=SUBJECT),
        acts(told("account", 0, status=201), told("account", 0)),
        _posts,
    ),
    "certificate/registered_and_withdrawn": lambda: Path(
        CertificateWorkflow,
        CertificateStart(authority_id=AUTHORITY, account_id=SUBJECT),
        acts(told("certificate", 0, status=201), told("certificate", 0)),
        _certificates,
    ),
}
