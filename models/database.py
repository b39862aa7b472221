"""Connections to PostgreSQL: an engine per process and role, a transaction per act or request.

Row-level security reads who is asking from settings that live only as long as the transaction
(``set_config(…, true)``); a transaction that sets none sees no rows.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import text
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


def engine_for(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine with a pool; ``url`` is a libpq-style SQLAlchemy address for psycopg 3."""
    return create_async_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=False)


_SET = text(
    "SELECT set_config('hoso.authority', :authority, true), set_config('hoso.scope', :scope, true),"
    " set_config('hoso.agencies', :agencies, true), set_config('hoso.profile', :profile, true),"
    " set_config('hoso.account', :account, true)"
)


async def enter(connection: AsyncConnection, scope: Scope) -> None:
    """Tell row-level security who asks, until this transaction ends."""
    kind: Literal["authority", "part"] = "authority" if scope.everything else "part"
    agencies = "{" + ",".join(str(a) for a in scope.agencies) + "}"
    await connection.execute(
        _SET,
        {
            "authority": str(scope.authority),
            "scope": kind,
            "agencies": agencies,
            "profile": str(scope.profile or ""),
            "account": str(scope.account or ""),
        },
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine, scope: Scope) -> AsyncIterator[AsyncConnection]:
    """One transaction under ``scope``; commits at the end, rolls back on an exception."""
    async with engine.begin() as connection:
        await enter(connection, scope)
        yield connection
