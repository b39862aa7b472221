"""What becomes of a backup, in the books of every authority whose rows are in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.backups.keeping import Held
from models.calendar import legal_date
from models.database import Scope, together, transaction
from models.lifecycle.outcome import Outcome
from models.record.authority_stream import authority_scene, record_on_authority
from models.record.law_of import LawOf
from models.record.sql import inserting
from models.record.tools import Tools

PROBLEMS = 50
"""Problems kept in the row; the file beside the backup has all."""
_AUTHORITIES = text("SELECT authority_id FROM authorities ORDER BY authority_id")
_FIRST = text("SELECT min(installed_on) FROM authorities")
_WHO = text(
    "SELECT u.code, u.name, coalesce(d.id, g.id) AS sealer_id, coalesce(d.name, g.name) AS sealer"
    " FROM authorities u LEFT JOIN agencies d ON d.id = u.department_id"
    " JOIN agencies g ON g.id = hoso_top()"
    " WHERE u.authority_id = :id"
)
_ROW = text("SELECT * FROM backups WHERE id = :id FOR NO KEY UPDATE")
_SAVE = text(
    "INSERT INTO backups (id, authority_id, month, state, ordered_at, folder, rows, documents, bytes,"
    " problems, made_at, checked_at, document_sha256, rule_id, citation) VALUES (:id, :authority, :month,"
    " :state, :now, :folder, :rows, :documents, :bytes, :problems, :made_at, :now, :note, :rule, :citation)"
    " ON CONFLICT (id, authority_id) DO UPDATE SET state = excluded.state, folder = excluded.folder,"
    " rows = excluded.rows, documents = excluded.documents, bytes = excluded.bytes,"
    " problems = excluded.problems, made_at = excluded.made_at, checked_at = excluded.checked_at,"
    " document_sha256 = excluded.document_sha256, rule_id = excluded.rule_id, citation = excluded.citation"
)
_HELD = text(
    "SELECT id, folder, made_at, state FROM backups WHERE state IN ('good', 'damaged')"
    " AND folder NOT LIKE '/%' ORDER BY made_at, id"
)
_GONE = text("UPDATE backups SET state = 'removed', removed_at = :now WHERE id = :id AND state <> 'removed'")


@dataclass(frozen=True, slots=True)
class Judged:
    """A backup as its check found it."""

    backup_id: UUID
    folder: str
    made_at: datetime
    good: bool
    rows: int
    documents: int
    bytes: int
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Side:
    """One authority with a part in the backup: whose seal its note bears, under which rule it is kept."""

    authority_id: UUID
    code: str
    name: str
    sealer_id: UUID
    sealer: str
    rule_id: str | None
    citation: str | None
    months: int
    """How long a backup stays at least, by this authority's law; three where it is silent (policy)."""


async def authorities(tools: Tools) -> list[UUID]:
    """Every authority of the installation."""
    async with tools.engine.begin() as connection:
        return list((await connection.execute(_AUTHORITIES)).scalars())


async def youngest_day(tools: Tools) -> date | None:
    """The day the first authority was installed: before the night after it there is nothing to back up."""
    async with tools.engine.begin() as connection:
        return (await connection.execute(_FIRST)).scalar()


async def side_of(tools: Tools, authority_id: UUID, now: datetime) -> Side:
    """One authority's part, by the law in force at ``now``."""
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        row = (await connection.execute(_WHO, {"id": authority_id})).one()
        law, _ = await tools.law(connection, LawOf.authority(authority_id), legal_date(now))
    rule = law.slot("backup")
    deadline = rule.rule.deadline if rule is not None else None
    months = (deadline.min_retention_months if deadline is not None else None) or 3
    return Side(
        authority_id,
        row.code,
        row.name,
        row.sealer_id,
        row.sealer,
        rule.rule.id if rule else None,
        rule.citation if rule else None,
        months,
    )


async def noted(tools: Tools, side: Side, backup_id: UUID) -> Row[Any] | None:
    """The authority's row of a backup that was judged before; a repetition then has nothing to do."""
    async with transaction(tools.engine, Scope(side.authority_id, everything=True)) as connection:
        row = (await connection.execute(_ROW, {"id": backup_id})).one_or_none()
    return row if row is not None and row.state in ("good", "damaged", "removed") else None


async def record_judged(tools: Tools, side: Side, judged: Judged, note: str | None, now: datetime) -> None:
    """The act: what was made and found, under the hash of its signed note (none where the command line took
    it while nobody could seal); the administrators are told of a damaged one."""
    async with transaction(tools.engine, Scope(side.authority_id, everything=True)) as connection:
        known = (await connection.execute(_ROW, {"id": judged.backup_id})).one_or_none()
        if known is not None and known.state != "ordered":
            return
        state = "good" if judged.good else "damaged"
        values = {
            "id": judged.backup_id,
            "authority": side.authority_id,
            "month": f"{legal_date(judged.made_at):%Y-%m}",
            "state": state,
            "now": now,
            "folder": judged.folder,
            "rows": judged.rows,
            "documents": judged.documents,
            "bytes": judged.bytes,
            "problems": Jsonb(list(judged.problems[:PROBLEMS])),
            "made_at": judged.made_at,
            "note": note,
            "rule": side.rule_id,
            "citation": side.citation,
        }
        await connection.execute(_SAVE, values)
        told = {"backup": str(judged.backup_id), "rows": judged.rows, "documents": judged.documents}
        out = Outcome().happened(f"backup.{state}", None, **told, note=note, problems=len(judged.problems))
        await _tell(connection, tools, side.authority_id, judged.backup_id, state, out, now)
        if not judged.good:
            facts = {"backup": str(judged.backup_id), "problems": len(judged.problems)}
            notice = {
                "id": uuid5(judged.backup_id, f"{side.authority_id}:damaged"),
                "authority_id": side.authority_id,
                "agency_id": side.sealer_id,
                "role": "administrator",
                "kind": "backup_damaged",
                "citation": side.citation,
                "facts": facts,
                "created_at": now,
            }
            await together(connection, [inserting("notices", notice)])


async def held_by(tools: Tools, authority_id: UUID) -> list[tuple[Held, str]]:
    """The authority's backups in the setting's place, with their folders; one elsewhere is its taker's."""
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        rows = (await connection.execute(_HELD)).all()
    return [(Held(str(row.id), legal_date(row.made_at), row.state), row.folder) for row in rows]


async def record_removed(
    tools: Tools, authority_id: UUID, backup_id: UUID, until: date, now: datetime
) -> None:
    """The act: a backup went, being older than the law asks, with a newer good one behind it."""
    async with transaction(tools.engine, Scope(authority_id, everything=True)) as connection:
        if (await connection.execute(_GONE, {"id": backup_id, "now": now})).rowcount:
            out = Outcome().happened(
                "backup.removed", None, backup=str(backup_id), older_than=until.isoformat()
            )
            await _tell(connection, tools, authority_id, backup_id, "removed", out, now)


async def _tell(
    connection: AsyncConnection,
    tools: Tools,
    authority_id: UUID,
    backup_id: UUID,
    what: str,
    outcome: Outcome,
    now: datetime,
) -> None:
    scene = await authority_scene(connection, tools, authority_id, uuid5(backup_id, what), now)
    await record_on_authority(connection, scene, authority_id, scene.managing_agency_id, outcome)
