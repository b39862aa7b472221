"""What an administrator has paused is not asked: signatures wait, and say for whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from activities.signing.errors import PausedError
from activities.signing.notary import Notary
from models.command_admin import Party
from models.record.service import paused_now, waits
from models.record.tools import Tools


async def unpaused(tools: Tools, authority_id: UUID, at: datetime, *parties: Party) -> None:
    """Go on, unless one of these parties is paused at ``at``.

    Raises:
        PausedError: it is; nothing has been asked of it.
    """
    pause = waits(await paused_now(tools.engine, authority_id, at), parties)
    if pause is not None:
        raise PausedError(f"{pause.party}-paused")


async def may_sign(tools: Tools, notary: Notary, authority_id: UUID, code: str, at: datetime) -> None:
    """Go on with a signature, unless its key or whoever vouches for it is paused.

    Args:
        code: the authority's, whose level says who is asked.

    Raises:
        PausedError: the signature waits.
    """
    vouching: tuple[Party, ...] = ("timestamps",) if notary.asks(code) else ()
    await unpaused(tools, authority_id, at, "signers", *vouching)
