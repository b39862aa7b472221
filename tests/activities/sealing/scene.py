"""What tests of the sealer work with."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from activities.sealing.sealer import Sealer
from models.history.audit import Audit
from models.history.findings import Report
from models.history.place import SecondPlace
from models.history.witness import witness_by
from models.settings import DatabaseRole, Settings
from tests.models.history.past import as_superuser
from tests.pki import DevelopmentPki
from tests.world import World


@dataclass
class Scene:
    """An authority, its sealer, and the timestamp authority's switches."""

    world: World
    database: Any
    settings: Settings
    services: DevelopmentPki
    sealer: Sealer = field(init=False)

    async def now(self) -> datetime:
        return self.world.now

    async def look(self, **later: float) -> Any:
        """Time passes, the sealer looks once; answers its row."""
        self.world.now += timedelta(**later)
        await asyncio.to_thread(self.services.clock, self.world.now)
        await self.sealer.once()
        (row,) = await self.world.rows("SELECT * FROM sealers")
        return row

    async def faults(self, **switches: Any) -> None:
        await asyncio.to_thread(self.services.faults, **switches)

    async def seals(self) -> list[Any]:
        return await self.world.rows("SELECT * FROM log_seals ORDER BY size")

    async def logged(self) -> bool:
        """Whether every event is in the log."""
        row = await self.world.one(
            "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM log_leaves) AS leaves"
        )
        return bool(row.events == row.leaves)

    def superuser(self, sql: str, *values: Any) -> list[Any]:
        return as_superuser(self.database, sql, *values)

    @property
    def folder(self) -> Path:
        return self.settings.data / "second-place" / str(self.world.authority)

    async def audit(self) -> Report:
        def run() -> Report:
            with psycopg.connect(self.database.libpq_url(DatabaseRole.REPORT)) as connection:
                connection.execute(
                    "SELECT set_config('hoso.authority', %s, true)", [str(self.world.authority)]
                )
                connection.execute("SELECT set_config('hoso.scope', 'authority', true)")
                place = SecondPlace(self.settings.second_place_address)
                return Audit(connection, self.world.authority, place, witness_by(self.services.trust)).run()

        return await asyncio.to_thread(run)
