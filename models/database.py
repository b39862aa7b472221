"""Connections to PostgreSQL: an engine per process and role, a transaction per act or request.

Row-level security reads who is asking from settings that live only as long as the transaction
(``set_config(…, true)``); a transaction that sets none sees no rows.

Where an act or a request knows several statements at once, `together` sends them in one round trip: on two
cores the trips cost more than the statements (tests/bench).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Executable, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


@dataclass(frozen=True, slots=True)
class Scope:
    """On whose behalf a transaction reads and writes.

    ``everything`` is the authority as a whole (worker, department); otherwise the subtrees of
    ``agencies`` and the asker's own ``profile``.
    """

    authority: UUID
    everything: bool = False
    agencies: Sequence[UUID] = ()
    profile: UUID | None = None
    account: UUID | None = None
    consented: Sequence[UUID] = ()
    """Single profiles that somebody consented to be read, today."""
    merged: Sequence[UUID] = ()
    """Files that were closed into the own one."""
    archives: Sequence[UUID] = ()
    """Agencies below which archived files are read; the API reads the content of no others."""
    every_archive: bool = False
    """Whether archived files of the whole authority are read."""
    on: date | None = None
    """The legal date as of which the tree of agencies is read; none says the day in the legal zone."""


def engine_for(url: str, *, pool_size: int = 10, statement_seconds: float | None = None) -> AsyncEngine:
    """An engine with a pool; ``url`` is a libpq-style SQLAlchemy address for psycopg 3.

    ``statement_seconds``: after which a statement is cancelled (``psycopg.errors.QueryCanceled``), where
    people wait for its answer; none where work may take what it takes.
    """
    bounded = (
        {"options": f"-c statement_timeout={int(statement_seconds * 1000)}"} if statement_seconds else {}
    )
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        use_native_hstore=False,  # no extension is used: the first connection need not look for one
        # Statements are constants, asked again and again: each is parsed once, at its first use.
        connect_args={"prepare_threshold": 0, **bounded},
    )


_SET = text(
    "SELECT set_config('hoso.authority', :authority, true) AS authority,"
    " set_config('hoso.scope', :scope, true) AS scope,"
    " set_config('hoso.agencies', :agencies, true) AS agencies,"
    " set_config('hoso.profile', :profile, true) AS profile,"
    " set_config('hoso.account', :account, true) AS account,"
    " set_config('hoso.consented', :consented, true) AS consented,"
    " set_config('hoso.merged', :merged, true) AS merged,"
    " set_config('hoso.archives', :archives, true) AS archives,"
    " set_config('hoso.today', :today, true) AS today"
)


Query = tuple[Executable, Mapping[str, Any]]
"""A statement and its parameters; JSON goes in as ``psycopg.types.json.Jsonb``."""

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped


@cache
def _sql(statement: Executable) -> str:
    """The statement as psycopg takes it. Statements are module constants, so there are few."""
    return str(statement.compile(dialect=_DIALECT))  # type: ignore[attr-defined] # every statement of ours compiles


def entering(scope: Scope) -> Query:
    """What tells row-level security who asks."""
    kind: Literal["authority", "part"] = "authority" if scope.everything else "part"
    return _SET, {
        "authority": str(scope.authority),
        "scope": kind,
        "agencies": _array(scope.agencies),
        "profile": str(scope.profile or ""),
        "account": str(scope.account or ""),
        "consented": _array(scope.consented),
        "merged": _array(scope.merged),
        "archives": "*" if scope.every_archive else _array(scope.archives),
        "today": scope.on.isoformat() if scope.on is not None else "",
    }


def _array(ids: Sequence[UUID]) -> str:
    return "{" + ",".join(str(one) for one in ids) + "}"


BY_KEY: Query = (text("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)"), {})
"""For a transaction in which everything is found by its key, whichever it is: one plan serves them all.
Planning the reading of one life under its policies takes 33 ms, running it one (tests/bench)."""


async def enter(connection: AsyncConnection, scope: Scope) -> None:
    """Tell row-level security who asks, until this transaction ends."""
    statement, parameters = entering(scope)
    await connection.execute(statement, parameters)


@asynccontextmanager
async def transaction(engine: AsyncEngine, scope: Scope) -> AsyncIterator[AsyncConnection]:
    """One transaction under ``scope``; commits at the end, rolls back on an exception.

    Also what only reads is committed: at a rollback psycopg forgets every statement the connection had
    prepared, and with them PostgreSQL their plans, which the next act on it makes again (`BY_KEY`).
    """
    async with engine.begin() as connection:
        await enter(connection, scope)
        yield connection


async def together(
    connection: AsyncConnection, queries: Sequence[Query], *, commit: bool = False
) -> list[list[Any]]:
    """Run statements in order in one round trip (libpq's pipeline mode); answers each one's named rows.

    Each sees what those before it wrote or waited for. ``commit`` ends the transaction in the same trip.

    Raises:
        DBAPIError: the first that failed, as SQLAlchemy would raise it; those after it did not run.
    """
    if not queries:
        return []
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    cursors = [driver.cursor(row_factory=namedtuple_row) for _ in queries]
    try:
        async with driver.pipeline():
            for cursor, (statement, parameters) in zip(cursors, queries, strict=True):
                await cursor.execute(_sql(statement), parameters)
            if commit:
                # As a statement: the server passes over it where one before it failed.
                await driver.execute("COMMIT", prepare=False)
        return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]
    except psycopg.Error as error:
        if driver.closed:
            await connection.invalidate()
            await connection.engine.dispose()  # the server went away: so did every other kept connection
        raise _translated(error) from error


def _translated(error: psycopg.Error) -> BaseException:
    """The error as every other statement's is told; without parameters, which may be personal."""
    return DBAPIError.instance(None, None, error, psycopg.Error, dialect=_DIALECT)
