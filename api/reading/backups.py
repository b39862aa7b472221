"""The backups an authority's rows are in: what became of each, and the note of its check."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from api.scope import Reading
from models.access import Verb, reach
from models.errors import RefusedError

_BACKUPS = text("SELECT * FROM backups ORDER BY coalesce(made_at, ordered_at) DESC, id LIMIT 100")


class BackupLine(BaseModel):
    """One backup."""

    id: UUID
    month: str
    state: str = Field(description="ordered, good, damaged, removed")
    citation: str | None = Field(description="Căn cứ / the article it is kept under")
    document: str | None = Field(description="Căn cứ của yêu cầu / what it was ordered on")
    ordered_at: datetime
    made_at: datetime | None
    checked_at: datetime | None
    removed_at: datetime | None
    folder: str | None
    rows: int | None
    documents: int | None
    bytes: int | None
    problems: list[str]
    note_sha256: str | None = Field(description="Biên bản kiểm tra, đã ký số / the sealed note of its check")


class BackupList(BaseModel):
    """The newest hundred."""

    items: list[BackupLine]


def administers(read: Reading, law: object) -> None:
    """Only those who administer see how the installation is.

    Raises:
        RefusedError: ``not-permitted``.
    """
    if not reach(read.who.actor, Verb.ADMINISTER, read.today, law).everywhere:  # type: ignore[arg-type] # a rule set
        raise RefusedError.of(
            "not-permitted", "Chỉ quản trị hệ thống được xem.", "Only administrators may see this."
        )


async def backups(read: Reading) -> BackupList:
    """Newest first."""
    law, _ = await read.own_law()
    administers(read, law)
    rows = (await read.connection.execute(_BACKUPS)).all()
    return BackupList(items=[_line(row._mapping) for row in rows])


async def note(read: Reading, backup_id: UUID) -> str:
    """The note's digest in the store of documents.

    Raises:
        RefusedError: ``not-found``.
    """
    for one in (await backups(read)).items:
        if one.id == backup_id and one.note_sha256 is not None:
            return one.note_sha256
    raise RefusedError.of("not-found", "Không có biên bản này.", "There is no such note.")


def _line(row: object) -> BackupLine:
    values = dict(row)  # type: ignore[call-overload] # a mapping
    return BackupLine.model_validate(
        {**values, "problems": values["problems"] or [], "note_sha256": values["document_sha256"]}
    )
