"""Databases that are emptied instead of dropped, and connections that wait for the next test.

A statement under row-level security costs PostgreSQL ten times as much to plan as to run, and a plan lives as
long as its connection: with a database and connections of its own a test pays for every plan again. So a
test's database is given to the next one without its rows, and with the connections to it, as a process that
runs for months keeps them. What is no longer as the template made it (another table, a grant, statistics, a
row that a migration wrote) is dropped, and so is what has been used often.
"""

import select
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg._preparing import PrepareManager
from psycopg.pq import TransactionStatus
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

USES = 100
"""After so many tests a database is made anew: dead rows and the connections' plans are memory."""
PLANS = 2000
"""Statements a connection keeps prepared; psycopg's own hundred are fewer than one life needs."""

_THERE = """
SELECT format('%I.%I', n.nspname, c.relname), c.oid, c.relkind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'S') AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1
"""
_CATALOGUES = (
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_default_acl",
    "pg_index",
    "pg_namespace",
    "pg_policy",
    "pg_proc",
    "pg_rewrite",
    "pg_statistic",
    "pg_trigger",
    "pg_type",
)
_ALONE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL(%s)
"""
_CLEAN = b"RESET ALL; RESET ROLE; UNLISTEN *; SELECT pg_advisory_unlock_all()"


class _Lasting(PrepareManager):
    """What is prepared stays; psycopg forgets it at every rollback, lest a table made in it is gone."""

    prepare_threshold = 0
    prepared_max = PLANS

    def clear(self) -> bool:
        return False


class Kept(psycopg.AsyncConnection[Any]):
    """A connection to a kept database: closed by its user, it waits for the next one."""

    place: "Place"
    kind: str

    async def close(self) -> None:
        """Wait for the next user; really close what is no longer usable."""
        idle = self.place.idle[self.kind]
        if self.closed or self in idle:
            return
        if self.place.open and self.info.transaction_status == TransactionStatus.IDLE:
            idle.append(self)
        else:
            await super().close()

    async def fresh(self) -> bool:
        """Whether its server still listens to it; nothing that a session set is left."""
        if self.closed or select.select([self.pgconn.socket], [], [], 0)[0]:
            await super().close()
            return False
        await self.set_autocommit(True)
        await self.execute(_CLEAN, prepare=False)
        await self.set_autocommit(False)
        return True


@dataclass
class Place:
    """One database, as the template made it, with what reaches it."""

    name: str
    keeper: "psycopg.Connection[Any]"
    """The superuser's own connection to it."""
    open: bool = True
    uses: int = 0
    idle: dict[str, list[Kept]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.keeper.prepare_threshold = 0
        self.keeper.execute("SET session_replication_role = replica")  # neither triggers nor foreign keys
        found = self.keeper.execute(_THERE).fetchall()
        tables = [name for name, _, kind in found if kind == "r"]
        seeded = [one for one in tables if self._row(f"SELECT EXISTS (SELECT 1 FROM {one})")[0]]
        self._tables = [one for one in tables if one not in seeded]
        self._numbers = [(name, oid) for name, oid, kind in found if kind == "S"]
        emptied = [f"d{n} AS (DELETE FROM ONLY {one})" for n, one in enumerate(self._tables)]
        numbers = [
            f"setval({oid}::regclass, {last}, {called})"
            for name, oid in self._numbers
            for last, called in [self._row(f"SELECT last_value, is_called FROM {name}")]
        ]
        self._empty = f"WITH {', '.join(emptied)} SELECT {', '.join([*numbers, '1'])}"
        shapes = [f"(SELECT (count(*), sum(xmin::text::int8))::text FROM {one})" for one in _CATALOGUES]
        rows = [f"(SELECT md5(string_agg(o::text, ',' ORDER BY o::text)) FROM {one} o)" for one in seeded]
        self._look = f"SELECT {', '.join([*shapes, *rows])}"
        self._new = self._row(self._look)

    def emptied(self) -> bool:
        """Take every row out; whether all is then as it was new."""
        own = [one.info.backend_pid for those in self.idle.values() for one in those if not one.closed]
        self.keeper.execute(_ALONE, [own])
        self.keeper.execute(self._empty)
        return bool(self._row(self._look) == self._new)

    def take(self, source: "Place") -> None:
        """The rows of another such database, into this empty one."""
        filled = source._row(f"SELECT {', '.join(f'EXISTS (SELECT 1 FROM {one})' for one in self._tables)}")
        for one in (table for table, some in zip(self._tables, filled, strict=True) if some):
            # Generated columns go neither out nor in; triggers and foreign keys look away.
            out, into = (f"COPY {one} {way} (FORMAT binary)" for way in ("TO STDOUT", "FROM STDIN"))
            with (
                source.keeper.cursor().copy(out) as given,
                self.keeper.cursor().copy(into) as taken,
            ):
                for data in given:
                    taken.write(data)
        for name, oid in self._numbers:
            last, called = source._row(f"SELECT last_value, is_called FROM {name}")
            self.keeper.execute(f"SELECT setval({oid}::regclass, {last}, {called})")

    def _row(self, query: str) -> Any:
        return self.keeper.execute(query).fetchone()

    def leave(self) -> None:
        """Close every connection to it."""
        self.open = False
        for those in self.idle.values():
            for one in those:
                one.pgconn.finish()
        self.idle.clear()
        self.keeper.close()


PLACES: dict[tuple[int, str], Place] = {}
"""The kept databases of this process by port and name."""


async def borrow(*arguments: Any, **others: Any) -> "psycopg.AsyncConnection[Any]":
    """A connection as asked for: one that waits, where the database is kept."""
    place = PLACES.get((int(others.get("port", 0)), others.get("dbname", "")))
    if place is None:
        return await psycopg.AsyncConnection.connect(*arguments, **others)
    # SQLAlchemy gives every engine an equal map of types of its own.
    kind = repr((arguments, sorted((name, one) for name, one in others.items() if name != "context")))
    while waiting := place.idle[kind]:
        one = waiting.pop()
        try:
            if await one.fresh():
                return one
        except BaseException:  # told to stop meanwhile: nobody else has it
            one.pgconn.finish()
            raise
    made = await Kept.connect(*arguments, **others)
    made.place, made.kind, made._prepared = place, kind, _Lasting()
    return made


def engine(url: str, *, connect_args: dict[str, Any] | None = None, **options: Any) -> AsyncEngine:
    """SQLAlchemy's ``create_async_engine``, whose connections are borrowed."""
    borrowing = {"prepare_threshold": 0, **(connect_args or {}), "async_creator_fn": borrow}
    return create_async_engine(url, connect_args=borrowing, **options)
