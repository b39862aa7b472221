"""The agency a command names, as the law may ask about it: looked up before anything is decided."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.commands import (
    AcceptTransfer,
    Body,
    ClaimTransfer,
    HandOver,
    OpenProfile,
    RequestTransfer,
    Second,
    Separate,
)
from models.errors import RefusedError
from models.lifecycle.scene import Other, Scene
from models.record.acting import named
from models.record.crossing import at_border
from models.record.load import STANDING
from models.record.subjects import Found
from models.record.tools import Tools

# What makes divisions parts of one agency: the nearest agency above that is not itself a division.
_HOUSE = (
    "(SELECT a.id FROM agency_closure c JOIN agencies a ON a.id = c.ancestor_id"
    " WHERE c.descendant_id = {unit} AND c.valid_to IS NULL AND a.kind <> 'internal_unit'"
    " ORDER BY c.depth LIMIT 1)"
)
_AGENCY = text(
    f"SELECT {STANDING} AS standing, g.kind, {_HOUSE.format(unit='g.id')}"  # noqa: S608 — no input
    f" = {_HOUSE.format(unit='CAST(:beside AS uuid)')} AS within"
    " FROM agencies g WHERE g.id = :id AND g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)"
)
"""An agency of this authority today: a foreign key would see those of others."""


async def placed(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, body: Body, found: Found, scene: Scene
) -> Scene:
    """The scene with what is known of the agency, or acting head, that a command names, and of the law there;
    else as it is.

    Raises:
        RefusedError: ``unknown-agency``.
    """
    life, custodian = found.subject.life, found.agency_id
    if isinstance(body, RequestTransfer | Separate | HandOver) and body.acting_head is not None:
        assert life is not None  # these are about somebody
        acting = await named(connection, body.acting_head, life.profile_id, custodian, scene)
        scene = replace(scene, acting=acting)
    match body:
        case RequestTransfer() | ClaimTransfer() | Second():
            row = await _agency(connection, body.to_agency_id, custodian, scene)
            other = Other(body.to_agency_id, _facts(row), within=bool(row.within))
            scene = replace(scene, other=other)
            if other.within:  # done by this act alone, where its day has come
                scene = await at_border(connection, tools, authority_id, life, body.to_agency_id, scene)
        case AcceptTransfer() | HandOver() if found.subject.case is not None:
            to = found.subject.case.to_agency_id
            scene = await at_border(connection, tools, authority_id, life, to, scene)
        case _:
            pass
    return scene


async def _agency(connection: AsyncConnection, agency_id: UUID, beside: UUID | None, scene: Scene) -> Any:
    row = (
        await connection.execute(_AGENCY, {"id": agency_id, "beside": beside, "day": scene.today})
    ).one_or_none()
    if row is None:
        raise RefusedError.of("unknown-agency", "Không có cơ quan này.", "There is no such agency.")
    return row


_FORMER = text(
    "SELECT id FROM profiles WHERE authority_id = :authority AND id_number_index = ANY (:indexes)"
    " AND chapter = 'archive' AND merged_into IS NULL ORDER BY created_at DESC LIMIT 1"
)


async def refuse_former(
    connection: AsyncConnection, tools: Tools, authority_id: UUID, body: OpenProfile
) -> None:
    """Refuse a second profile beside an archived one: whoever comes back goes on with it.

    Raises:
        RefusedError: ``former-official``, with the archived profile.
    """
    indexes = list(tools.blind.candidates(authority_id, body.personal_id_number))
    former = await connection.scalar(_FORMER, {"authority": authority_id, "indexes": indexes})
    if former is not None:
        raise RefusedError.of("former-official", extra={"profile_id": str(former)})


def _facts(row: Any) -> dict[str, str]:
    return {"agency": row.standing, "kind": row.kind}
