"""The agency a command names, as the law may ask about it: looked up before anything is decided."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.commands import Body, ClaimTransfer, OpenProfile, RequestTransfer, Second, Separate
from models.errors import RefusedError
from models.lifecycle.scene import Other, Scene
from models.record.acting import named
from models.record.load import STANDING
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
    connection: AsyncConnection, body: Body, custodian: UUID | None, subject_id: UUID, scene: Scene
) -> Scene:
    """The scene with what is known of the agency, or acting head, that a command names; else as it is.

    Raises:
        RefusedError: ``unknown-agency``.
    """
    if isinstance(body, RequestTransfer | Separate) and body.acting_head is not None:
        acting = await named(connection, body.acting_head, subject_id, custodian, scene)
        scene = replace(scene, acting=acting)
    match body:
        case RequestTransfer() | ClaimTransfer() | Second():
            row = await _agency(connection, body.to_agency_id, custodian, scene)
            return replace(scene, other=Other(body.to_agency_id, _facts(row), within=bool(row.within)))
        case _:
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
