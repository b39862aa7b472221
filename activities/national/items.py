"""A revision of ours as an item of a packet."""

import asyncio
import re
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.national.adapter import ItemHeader, PacketItem
from activities.national.mappings import Mapping, ValueRefusedError
from models.form import carry, catalogue, forms
from models.record.load import contents_of
from models.record.tools import Tools

# A hand-over on the day of approval changes nothing here: the custodian before that day counts.
_REVISION = text(
    "SELECT r.id, r.profile_id, r.digest, r.form_version, s.document_sha256, a.approved_on, h.code,"
    " h.national_code"
    " FROM revisions r LEFT JOIN LATERAL (SELECT signed_at, document_sha256 FROM approvals"
    "   WHERE profile_id = r.profile_id AND revision_id = r.id AND state = 'signed'"
    "   ORDER BY signed_at DESC LIMIT 1) s ON true"
    " CROSS JOIN LATERAL (SELECT (coalesce(s.signed_at, r.submitted_at, r.saved_at)"
    "   AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS approved_on) a"
    " CROSS JOIN LATERAL (SELECT g.code, u.national_code FROM custody k"
    "   JOIN agencies g ON g.id = coalesce(CAST(:unit AS uuid), k.agency_id)"
    "   JOIN authorities u ON u.authority_id = k.authority_id WHERE k.profile_id = r.profile_id"
    "   ORDER BY (k.starts_on < a.approved_on) DESC,"
    "   CASE WHEN k.starts_on < a.approved_on THEN k.starts_on END DESC, k.starts_on LIMIT 1) h"
    " WHERE r.id = ANY (:ids)"
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
    made = await items_of(connection, tools, mapping, authority_id, [revision_id], unit_id=unit_id)
    item = made[revision_id]
    if isinstance(item, ValueRefusedError):
        raise item
    return item


async def items_of(
    connection: AsyncConnection,
    tools: Tools,
    mapping: Mapping,
    authority_id: UUID,
    revisions: Sequence[UUID],
    *,
    unit_id: UUID | None = None,
) -> dict[UUID, PacketItem | ValueRefusedError]:
    """The same for many revisions in two round trips; what cannot be expressed is its own refusal."""
    rows = (await connection.execute(_REVISION, {"ids": list(revisions), "unit": unit_id})).all()
    contents = await contents_of(connection, tools, authority_id, [row.id for row in rows])
    # Some milliseconds each: what else this process serves, its heartbeats too, goes on beside them.
    return await asyncio.to_thread(_made, rows, contents, mapping, employed=unit_id is not None)


def _made(
    rows: Sequence[Row[Any]], contents: dict[UUID, dict[str, Any]], mapping: Mapping, *, employed: bool
) -> dict[UUID, PacketItem | ValueRefusedError]:
    made: dict[UUID, PacketItem | ValueRefusedError] = {}
    for row in rows:
        header = ItemHeader(row.profile_id, row.digest, row.approved_on, row.document_sha256)
        try:
            asked = _in_the_mapping_s_form(contents[row.id], row.form_version, mapping, row.approved_on)
            content = {MANAGED: row.national_code, EMPLOYED: row.code, **asked}
            if employed:
                content[EMPLOYED] = row.code
            made[row.id] = mapping.item(content, header)
        except ValueRefusedError as refused:
            made[row.id] = refused
    return made


def _in_the_mapping_s_form(
    content: dict[str, Any], version: str, mapping: Mapping, on: date
) -> dict[str, Any]:
    """A worker's contract travels as far as the mapping's form asks for the same.

    The packet's fields are not known for anybody (stand-in); a form nobody knows is refused.
    """
    if version not in forms():
        raise ValueRefusedError("form", "the mapping is made for another form")
    return carry(catalogue(version), catalogue(mapping.form), content, on=on)


def is_agency_code(code: str | None) -> bool:
    """Whether it has the shape of an agency's identifier on the platform."""
    return code is not None and _AGENCY.fullmatch(code) is not None


def sender_code(agency_code: str, authority_code: str) -> str:
    """Under whose identifier an agency sends: its own, or the authority's where it has none of that shape."""
    return agency_code if is_agency_code(agency_code) else authority_code
