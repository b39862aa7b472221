"""What tests of keys that change have in common."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from models import keys
from models.database import transaction
from models.keys import MasterKey, Purpose
from models.record.load import content_of
from models.record.resealing import Done
from tests.world import World

_NEWEST = text("SELECT id FROM revisions WHERE profile_id = :p ORDER BY number DESC LIMIT 1")


def turn(folder: Path, purpose: Purpose, authority: UUID | None) -> keys.DataKey:
    """A new key, made by another process than the one that works."""
    return keys.rotate(
        folder / "keyring.json", MasterKey.from_file(folder / "master.key"), purpose, authority
    )


async def written(work: AsyncIterator[Done]) -> dict[str, int]:
    """How many rows of each table were written, once all is done."""
    done: dict[str, int] = {}
    async for batch in work:
        done[batch.table] = done.get(batch.table, 0) + batch.written
    return done


async def form(world: World, profile: UUID) -> dict[str, object]:
    """What a person's newest form says, opened."""
    async with transaction(world.tools.engine, world.scope) as connection:
        revision = await connection.scalar(_NEWEST, {"p": profile})
        return await content_of(connection, world.tools, world.authority, revision)
