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
# A hand-over on the day of approval changes nothing here: the custodian before that day counts.
_HELD = text(
    "SELECT g.code, u.national_code FROM custody k"
    " JOIN agencies g ON g.id = coalesce(CAST(:unit AS uuid), k.agency_id)"
    " JOIN authorities u ON u.authority_id = k.authority_id WHERE k.profile_id = :profile"
    " ORDER BY (k.starts_on < :day) DESC, CASE WHEN k.starts_on < :day THEN k.starts_on END DESC, k.starts_on"
    " LIMIT 1"
)
MANAGED, EMPLOYED = "managing_authority_id", "employing_unit_id"
# QĐ 20/2020/QĐ-TTg: electronic identifier of an agency.
_AGENCY = re.compile(r"(?=.{3,35}$)[A-Z]\d{2}(\.[0-9A-Z]+)*")


async def item_of(
    connection: AsyncConnection,
    tools: Tools,
    mapping: Mapping,
    authority_id: UUID,
    revision_id: UUID,
    *,
    unit_id: UUID | None = None,
) -> PacketItem:
    """The item for one approved revision, the same whenever it is made.

    A person's declaration does not hold who manages and employs the person (items 1 and 2 of the form are the
    authority's): where they are absent, the authority's and the custodian's codes of that day stand in the
    packet. ``unit_id`` names another unit in their place, after a transfer.

    Raises:
        ValueRefusedError: a value, or the form itself, that the mapping cannot express.
    """
    row = (await connection.execute(_REVISION, {"id": revision_id})).one()
    if row.form_version != mapping.form:
        raise ValueRefusedError("form", "the mapping is made for another form")
    content = await content_of(connection, tools, authority_id, revision_id)
    approved_on = legal_date(row.approved_at)
    about = {"profile": row.profile_id, "day": approved_on, "unit": unit_id}
    held = (await connection.execute(_HELD, about)).one()
    content = {MANAGED: held.national_code, EMPLOYED: held.code, **content}
    if unit_id is not None:
        content[EMPLOYED] = held.code
    header = ItemHeader(row.profile_id, row.digest, approved_on, row.document_sha256)
    return mapping.item(content, header)


def is_agency_code(code: str | None) -> bool:
    """Whether it has the shape of an agency's identifier on the platform."""
    return code is not None and _AGENCY.fullmatch(code) is not None


def sender_code(agency_code: str, authority_code: str) -> str:
    """Under whose identifier an agency sends: its own, or the authority's where it has none of that shape."""
    return agency_code if is_agency_code(agency_code) else authority_code
