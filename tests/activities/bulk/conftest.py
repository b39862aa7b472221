"""Orders over the people of a small authority, given as the API's own role of the database gives them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.bulk.office import BulkOffice
from activities.signing.office import SigningOffice
from models.database import Scope, engine_for, transaction
from models.messages_bulk import BulkDone, BulkShare
from models.record.orders import Item, Order, freeze
from tests.activities.batches.conftest import signing, world
from tests.world import World

__all__ = ["signing", "world"]


@dataclass
class Desk:
    """Gives orders and has them carried out."""

    world: World
    office: BulkOffice
    api: AsyncEngine

    async def order(self, who: str, items: Sequence[Item], *, dry_run: bool = False) -> UUID:
        """Write an order down in the name of an account."""
        verb = next((one.body.verb for one in items if one.body is not None), "separate")
        given = Order(
            id=uuid4(),
            authority_id=self.world.authority,
            account_id=self.world.accounts[who],
            verb=verb,
            source="items",
            digest="0" * 64,
            dry_run=dry_run,
        )
        scope = Scope(self.world.authority, account=given.account_id)
        async with transaction(self.api, scope) as connection:
            await freeze(connection, self.world.tools, given, items, self.world.now)
        return given.id

    async def run(self, order: UUID, most: int = 100) -> BulkDone:
        """One share, as the engine would have it done."""
        share = BulkShare(authority_id=self.world.authority, order_id=order, now=self.world.now, most=most)
        found: BulkDone = await ActivityEnvironment().run(self.office.run_bulk, share)
        return found

    async def items(self, order: UUID) -> list[Any]:
        """Its items in their order."""
        return await self.world.rows(
            "SELECT id, profile_id, state, status, code, answer FROM bulk_items WHERE order_id = :o"
            " ORDER BY position",
            o=order,
        )

    async def facts(self) -> list[Any]:
        """Everything an act would have changed, as counts and versions."""
        tables = ("commands", "events", "cases", "duties", "outbox", "notices", "approvals", "accounts")
        counts = ", ".join(f"(SELECT count(*) FROM {name}) AS {name}" for name in tables)
        versions = "(SELECT array_agg(version ORDER BY id) FROM profiles) AS versions"
        return await self.world.rows(str(text(f"SELECT {counts}, {versions}")))


@pytest.fixture
async def desk(database: Any, world: World, signing: SigningOffice) -> AsyncIterator[Desk]:
    engine = engine_for(database.url("api"), pool_size=2)
    yield Desk(world, BulkOffice(world.tools, signing), engine)
    await engine.dispose()
