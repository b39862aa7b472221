"""An authority with a past that a test may alter as the owner of the database could."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from models.evidence import TrustList
from models.history import sealing
from models.history.appending import append
from models.history.audit import Audit
from models.history.findings import Report
from models.history.place import SecondPlace
from models.history.witness import witness_by
from models.settings import DatabaseRole
from tests.models.history.stamping import stamp_at
from tests.world import World


def as_superuser(database: Any, sql: str, *values: Any) -> list[Any]:
    """Run a statement as the one who may do anything, past every policy and trigger."""
    with psycopg.connect(database.server.url(database=database.name), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        done = connection.execute(sql, values)
        return done.fetchall() if done.description else []


@dataclass
class History:
    """An authority with a past of two sealed days and a tail, and everything one needs to alter it."""

    world: World
    database: Any
    pki: Path
    folder: Path
    sealed: int = 0
    """Size of the newest sealed head."""

    def superuser(self, sql: str, *values: Any) -> list[Any]:
        return as_superuser(self.database, sql, *values)

    @property
    def place(self) -> SecondPlace:
        return SecondPlace(self.folder.as_uri())

    @property
    def a(self) -> UUID:
        return self.world.authority

    async def log(self) -> int:
        return (await append(self.world.tools.engine, self.a, self.world.now)).size

    async def day(self) -> None:
        """A day's work, logged; the next morning its head is sealed and exported."""
        await self.world.employ(until="review")
        await self.log()
        await self.seal()
        self.world.now += timedelta(days=1)
        await self.seal()

    async def seal(self) -> None:
        now = self.world.now
        await sealing.seal(self.world.tools.engine, self.a, now, stamp_at(self.pki, now))
        await sealing.export(self.world.tools.engine, self.a, self.place, now)
        self.sealed = (await self.world.one("SELECT max(size) AS n FROM log_seals")).n

    async def events(self) -> list[Any]:
        return await self.world.rows(
            "SELECT l.index, e.* FROM events e LEFT JOIN log_leaves l USING (position)"
            " ORDER BY e.transaction, e.position"
        )

    async def audit(self, *, place: bool = True) -> Report:
        def run() -> Report:
            with psycopg.connect(self.database.libpq_url(DatabaseRole.REPORT)) as connection:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                connection.execute("SELECT set_config('hoso.authority', %s, true)", [str(self.a)])
                connection.execute("SELECT set_config('hoso.scope', 'authority', true)")
                witness = witness_by(TrustList.load(self.pki / "trust.json"))
                return Audit(connection, self.a, self.place if place else None, witness).run()

        return await asyncio.to_thread(run)

    async def found(self, *, place: bool = True) -> set[tuple[str, int | None]]:
        """Codes with the positions they name."""
        return {(one.code, one.position) for one in (await self.audit(place=place)).findings}
