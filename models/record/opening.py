"""What a profile still to be opened has around it: its agency's place and what the law may ask of it."""

from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.commands import OpenProfile, ReopenProfile
from models.lifecycle.scene import Scene
from models.record.load import STANDING

_PLACE = text(
    f"SELECT {STANDING} AS standing, g.kind, u.department_id, u.ict_department_id,"  # noqa: S608 — no input
    " (SELECT c.ancestor_id FROM agency_closure c WHERE c.descendant_id = g.id AND c.valid_to IS NULL"
    "   AND c.depth > 0 ORDER BY c.depth LIMIT 1) AS above"
    " FROM agencies g JOIN authorities u ON u.authority_id = g.authority_id WHERE g.id = :id"
)


async def opening_scene(
    connection: AsyncConnection, body: OpenProfile | ReopenProfile, scene: Scene
) -> Scene:
    """The scene with the agency the profile is opened in; as it was where there is no such agency."""
    row = (await connection.execute(_PLACE, {"id": body.agency_id})).one_or_none()
    if row is None:
        return scene
    return replace(
        scene,
        department_id=row.department_id,
        ict_department_id=row.ict_department_id,
        managing_agency_id=row.above or body.agency_id,
        facts={
            "category": body.category,
            "agency": row.standing,
            "kind": row.kind,
            "origin": body.origin,
        },
    )
