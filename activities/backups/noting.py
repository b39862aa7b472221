"""What the command line took and checked, put into the books under a sealed note as the workflow's own is.

A process of its own, started by ``hoso backup``: it has the signers, the command line has not. Reads the
verdict as JSON and says as JSON where a note could not be sealed, and why; the row is written all the same.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from activities.backups.note import signed_note
from activities.documents.store import documents_of
from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.notary import notary_of
from activities.signing.pausing import may_sign
from activities.signing.proofs import present
from activities.signing.sources import signers_of
from models.database import engine_for
from models.errors import HosoError
from models.evidence import TrustListError
from models.key_opening import open_ring
from models.record.backups import Judged, Side, authorities, record_judged, side_of
from models.record.tools import Tools
from models.settings import DatabaseRole, MissingSettingError, Settings


def main() -> None:
    """Seal and record what stands on standard input; what is wrong goes to standard error."""
    try:
        unsealed = asyncio.run(note(Settings(), json.load(sys.stdin)))
    except (HosoError, OSError) as error:
        sys.stderr.write(" ".join(str(error).split()))
        sys.exit(1)
    json.dump({"unsealed": unsealed}, sys.stdout)


async def note(settings: Settings, said: Mapping[str, Any]) -> dict[str, str]:
    """The row of every authority, under its note; answers by code of authority why one has none."""
    judged = Judged(
        UUID(said["backup_id"]),
        said["folder"],
        datetime.fromisoformat(said["made_at"]),
        said["good"],
        said["rows"],
        said["documents"],
        said["bytes"],
        said["problems"],
    )
    engine = engine_for(settings.database_url(DatabaseRole.WORKER), pool_size=2)
    tools = Tools(engine, open_ring(settings))
    unsealed: dict[str, str] = {}
    try:
        for authority in await authorities(tools):
            side, sealed = await side_of(tools, authority, judged.made_at), None
            try:
                sealed = await _sealed(settings, tools, side, judged)
            except (CannotSignError, SignerAwayError) as away:
                unsealed[side.code] = away.code
            except (MissingSettingError, TrustListError) as missing:  # nobody is set up to sign here
                unsealed[side.code] = " ".join(str(missing).split())
            await record_judged(tools, side, judged, sealed, judged.made_at)
    finally:
        await engine.dispose()
    return unsealed


async def _sealed(settings: Settings, tools: Tools, side: Side, judged: Judged) -> str:
    """The note's hash in the store.

    Raises:
        CannotSignError, SignerAwayError: the seal cannot be used now.
        MissingSettingError, TrustListError: the settings name no seal, or nobody who vouches for it.
    """
    signers, notary = signers_of(settings), notary_of(settings)
    try:
        await may_sign(tools, notary, side.authority_id, side.code, present(judged.made_at))
        pdf = await asyncio.to_thread(signed_note, signers, notary, side, judged, judged.made_at)
    finally:
        notary.close()
    store = documents_of(settings, tools.cipher)
    return store.put(side.authority_id, pdf, "application/pdf").sha256
