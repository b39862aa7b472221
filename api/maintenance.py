"""Reading only: what is refused while a maintenance that was announced goes on (moha.art4.2).

Refused is whatever would change something, unless it is named here: coming in and going out, questions that
are asked by POST, and what those do who administer. What was accepted before is decided and timers run on.
"""

from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from fastapi import Request

from models.command_admin import ADMINISTRATION
from models.command_shapes import Body
from models.errors import RefusedError
from models.evidence.verdict import VIETNAM
from models.lifecycle.service import Window

SAFE = ("GET", "HEAD", "OPTIONS")
OPEN = (
    *("signIn", "signOut", "signInBrowser", "signOutBrowser", "oidcBackChannelLogout", "getAccessToken"),
    *("showSecondFactor", "endMySession", "searchProfiles", "verifyFile", "simulateLaw"),
    *("previewLoadLaw", "previewAdoptLaw", "previewProclaimYear", "suggestCodes"),
    *("previewCodeList", "readCodeListFile"),
)
"""Operations that go on: they change no fact, or end what should end."""
ADMINISTERED = (
    *("orderBackup", "pauseParty", "resumeParty", "announceMaintenance", "liftMaintenance"),
    *("retryStuck", "rebuildStuck", "resendStuck"),
)
"""Operations of those who administer; `act` asks whether they do."""


def window_of(found: dict[str, Any] | None) -> Window | None:
    """What ``hoso_maintenance`` answers."""
    if found is None:
        return None
    starts_at, ends_at = datetime.fromisoformat(found["starts_at"]), datetime.fromisoformat(found["ends_at"])
    return Window(UUID(found["id"]), starts_at, ends_at, found["document"], found["citation"])


def refuse_changes(request: Request, window: Window | None, now: datetime) -> None:
    """Go on, unless the request would change something while nothing may be changed.

    Raises:
        RefusedError: ``maintenance``, with the seconds until its end.
    """
    if window is None or request.method in SAFE:
        return
    operation = getattr(request.scope.get("route"), "operation_id", None)
    if operation in OPEN or operation in ADMINISTERED:
        return
    refuse(window, now)


def refuse_command(body: Body, window: Window | None, now: datetime) -> None:
    """The same for a command, however it came.

    Raises:
        RefusedError: ``maintenance``.
    """
    if window is not None and not isinstance(body, ADMINISTRATION):
        refuse(window, now)


def refuse(window: Window, now: datetime) -> None:
    """Say no, until when, and by which article it was announced."""
    until = f"{window.ends_at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    raise RefusedError.of(
        "maintenance",
        f"Đang bảo trì đến {until}: {window.document}. Chỉ đọc được.",
        f"Under maintenance until {until}: {window.document}. Reading only.",
        citation=window.citation,
        extra={"retry_after": max(1, ceil((window.ends_at - now).total_seconds())), "until": until},
    )
