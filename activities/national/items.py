"""A revision of ours as an item of a packet."""

import re
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.national.adapter import ItemHeader, PacketItem
from activities.national.mappings import Mapping, ValueRefusedError
from models.calendar import legal_date
from models.record.load import content_of
from models.record.tools import Tools

_REVISION = text(
    "SELECT r.profile_id, r.digest, r.form_version, coalesce(s.signed_at, r.submitted_at, r.saved_at) AS"
    " approved_at,"
    " s.document_sha256 FROM revisions r LEFT JOIN LATERAL (SELECT signed_at, document_sha256 FROM approvals"
    " WHERE revision_id = r.id AND state = 'signed' ORDER BY signed_at DESC LIMIT 1) s ON true WHERE r.id"
    " = :id"
)
# QĐ 20/2020/QĐ-TTg: electronic identifier of an agency.
_AGENCY = re.compile(r"(?=.{3,35}$)[A-Z]\d{2}(\.[0-9A-Z]+)*")


async def item_of(
    connection: AsyncConnection, tools: Tools, mapping: Mapping, authority_id: UUID, revision_id: UUID
) -> PacketItem:
    """The item for one approved revision, the same whenever it is made.

    Raises:
        ValueRefusedError: a value, or the form itself, that the mapping cannot express.
    """
    row = (await connection.execute(_REVISION, {"id": revision_id})).one()
    if row.form_version != mapping.form:
        raise ValueRefusedError("form", "the mapping is made for another form")
    content = await content_of(connection, tools, authority_id, revision_id)
    header = ItemHeader(row.profile_id, row.digest, legal_date(row.approved_at), row.document_sha256)
    return mapping.item(content, header)


def is_agency_code(code: str | None) -> bool:
    """Whether it has the shape of an agency's identifier on the platform."""
    return code is not None and _AGENCY.fullmatch(code) is not None


def sender_code(agency_code: str, authority_code: str) -> str:
    """Under whose identifier an agency sends: its own, or the authority's where it has none of that shape."""
    return agency_code if is_agency_code(agency_code) else authority_code
