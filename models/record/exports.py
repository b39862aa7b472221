"""What an export takes: the revision that was the approved one by the end of a day."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.calendar import start_of_day
from models.command_exports import ExportDossier, PrintDossier
from models.command_sessions import OpenExportSigning
from models.lifecycle.life import Exportable, Life
from models.lifecycle.scene import Scene

EXPORTS = (ExportDossier, PrintDossier)
"""Bodies whose export is made by keys at hand."""
TAKING = (*EXPORTS, OpenExportSigning)

# An imported revision is approved without a signature of ours: it counts from the day it was taken over.
_ON = text(
    "SELECT r.id, r.number, r.digest FROM revisions r LEFT JOIN LATERAL (SELECT max(a.signed_at) AS signed_at"
    " FROM approvals a WHERE a.profile_id = r.profile_id AND a.revision_id = r.id AND a.state = 'signed') s"
    " ON true WHERE r.profile_id = :profile AND r.state IN ('approved', 'superseded')"
    " AND coalesce(s.signed_at, r.submitted_at, r.saved_at) < :end"
    " ORDER BY coalesce(s.signed_at, r.submitted_at, r.saved_at) DESC, r.number DESC LIMIT 1"
)
_ASKED = text("SELECT id FROM exports WHERE command_id = :command AND state = 'making'")


async def with_exportable(
    connection: AsyncConnection,
    life: Life,
    body: ExportDossier | PrintDossier | OpenExportSigning,
    scene: Scene,
) -> Life:
    """The life with what an export as of the asked day would take."""
    return replace(life, exportable=await approved_on(connection, life.profile_id, body.as_of or scene.today))


async def approved_on(connection: AsyncConnection, profile_id: UUID, day: date) -> Exportable | None:
    """The revision that was the approved one when the day ended, if there was one."""
    values = {"profile": profile_id, "end": start_of_day(day + timedelta(days=1))}
    row = (await connection.execute(_ON, values)).one_or_none()
    return Exportable(row.id, row.number, row.digest) if row is not None else None


async def being_made(connection: AsyncConnection, command_id: UUID) -> UUID | None:
    """The export an earlier attempt of the same command has asked for, if it is still to be made."""
    found: UUID | None = await connection.scalar(_ASKED, {"command": command_id})
    return found
