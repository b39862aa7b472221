"""A profile's evidence of approval as one file that anyone can verify offline (``hoso verify``)."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from api.reading import attachments, permits
from api.reading.approval_lists import ANCESTORS, taken
from api.scope import Reading
from models.documents import DocumentStore
from models.evidence.listing import ListRow, prove
from models.evidence.profile_evidence import MEDIA_TYPE, ProfileEvidence
from models.form import canonical
from models.record.load import content_of

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The bytes with what they are."""

    data: bytes
    media_type: str
    name: str


_SIGNED = text(
    "SELECT s.document_sha256, s.list_id, s.list_row, s.revision_id FROM approvals s"
    " JOIN revisions r ON r.id = s.revision_id WHERE s.profile_id = :id AND s.state = 'signed'"
    " AND r.state IN ('approved', 'superseded') AND (CAST(:number AS integer) IS NULL OR r.number = :number)"
    " ORDER BY r.number DESC, s.step DESC LIMIT 1"
)
_LIST = text(
    f"SELECT l.id, m.agency_id, {ANCESTORS} FROM approval_lists l"  # noqa: S608 — a constant
    " JOIN agency_months m ON m.id = l.agency_month_id WHERE l.id = :id"
)
_ROWS = text(
    "SELECT position, profile_id, revision_id, digest, changes FROM approval_list_rows WHERE list_id = :id"
    " ORDER BY position"
)


async def of_profile(
    read: Reading, documents: DocumentStore, profile_id: UUID, number: int | None
) -> Evidence:
    """The signed file of the newest approved revision, or of the one asked for.

    Approved by a list it is the list, the profile's own row, its proof and the revision's canonical JSON. The
    list names other people too: it goes to those who may read them, not to the person alone.

    Raises:
        RefusedError: ``not-found`` where nothing of ours was signed, ``not-permitted``, ``field-withheld``.
    """
    subject = await permits.profile(read, profile_id)
    subject.must_see_whole()
    subject.must_have_content()
    values = {"id": profile_id, "number": number}
    row = (await read.connection.execute(_SIGNED, values)).one_or_none()
    if row is None:
        raise permits.missing()
    document = await attachments.bytes_of(documents, read.who.authority_id, row.document_sha256)
    if row.list_id is None:
        return Evidence(document, PDF, f"{row.document_sha256[:16]}.pdf")
    about = (await read.connection.execute(_LIST, {"id": row.list_id})).one_or_none()
    if about is None:
        raise permits.names_others()
    await taken(read, about)
    rows = (await read.connection.execute(_ROWS, {"id": row.list_id})).all()
    content = await content_of(read.connection, read.tools, read.who.authority_id, row.revision_id)
    data = await asyncio.to_thread(_packed, document, rows, row.list_row, canonical(content))
    return Evidence(data, MEDIA_TYPE, f"{row.document_sha256[:16]}-{row.list_row}.hoso")


def _packed(document: bytes, rows: Any, position: int, revision: bytes) -> bytes:
    listed = [
        ListRow(row.position, str(row.profile_id), str(row.revision_id), row.digest, tuple(row.changes))
        for row in rows
    ]
    return ProfileEvidence(document, listed[position - 1], prove(listed)[position - 1], revision).pack()
