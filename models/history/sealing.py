"""A head a day witnessed by a timestamp authority, and carried to the second place.

A day without a new event needs no seal. What is late is sealed later, with the time at which it was sealed:
nothing here is ever dated back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.calendar import legal_date
from models.database import Scope, transaction
from models.history import tree
from models.history.appending import HEAD
from models.history.place import SecondPlace, WrittenBeforeError
from models.history.statement import Statement, statement_of
from models.history.tree import LogBrokenError

Stamp = Callable[[bytes], Awaitable[tuple[bytes, datetime]]]
"""content → a token (DER) that vouches for it, and the token's time; raises where there is none to be had."""
CHUNK = 100_000
_LOCK = 4_817_203_554

_LAST = text("SELECT * FROM log_seals WHERE authority_id = :authority ORDER BY size DESC LIMIT 1")
_SINCE = text("SELECT min(made_at) FROM log_heads WHERE authority_id = :authority AND size > :size")
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended(:authority, :lock))")
_SEALED = text(
    "INSERT INTO log_seals (authority_id, size, day, statement, token, sealed_at)"
    " SELECT CAST(:authority AS uuid), :size, :day, :statement, :token, :at WHERE NOT EXISTS"
    " (SELECT 1 FROM log_seals WHERE authority_id = :authority AND size > :previous) RETURNING size"
)
_WAITING = text(
    "SELECT s.*, coalesce((SELECT max(b.size) FROM log_seals b WHERE b.authority_id = s.authority_id"
    " AND b.size < s.size), 0) AS previous FROM log_seals s WHERE s.authority_id = :authority"
    " AND (s.exported_at IS NULL OR :anew) ORDER BY s.size"
)
_LEAVES = text(
    "SELECT string_agg(hash, ''::bytea ORDER BY index) AS hashes, count(*) AS n FROM log_leaves"
    " WHERE authority_id = :authority AND index >= :start AND index < :end"
)
_EXPORTED = text("UPDATE log_seals SET exported_at = :now WHERE authority_id = :authority AND size = :size")
_SEALS = text("SELECT size, statement FROM log_seals WHERE authority_id = :authority ORDER BY size")


async def due(engine: AsyncEngine, authority_id: UUID, now: datetime) -> Statement | None:
    """What is to be witnessed now: the newest head, if one of a day before waits, or none was ever sealed."""
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        values: dict[str, Any] = {"authority": authority_id}
        last = (await connection.execute(_LAST, values)).one_or_none()
        head = (await connection.execute(HEAD, values)).one_or_none()
        sealed = last.size if last is not None else 0
        if head is None or head.size <= sealed:
            return None
        since = await connection.scalar(_SINCE, {**values, "size": sealed})
    today = legal_date(now)
    if last is not None and legal_date(since) >= today:
        return None
    before = statement_of(bytes(last.statement)).root if last is not None else None
    return Statement(authority_id, head.size, bytes(head.root), sealed, before, today, head.made_at)


async def seal(engine: AsyncEngine, authority_id: UUID, now: datetime, stamp: Stamp) -> int | None:
    """Seal what is due; answers its size. Two that try at once leave one seal.

    Raises:
        Exception: whatever ``stamp`` raises; nothing was written then.
    """
    statement = await due(engine, authority_id, now)
    if statement is None:
        return None
    content = statement.content()
    token, at = await stamp(content)  # outside any transaction: it may take its time
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        await connection.execute(_TAKE_TURNS, {"authority": str(authority_id), "lock": _LOCK})
        values = {
            "authority": authority_id,
            "size": statement.size,
            "day": statement.day,
            "statement": content,
            "token": token,
            "at": at,
            "previous": statement.previous_size,
        }
        done: int | None = await connection.scalar(_SEALED, values)
    return done


async def export(
    engine: AsyncEngine, authority_id: UUID, place: SecondPlace, now: datetime, *, anew: bool = False
) -> int:
    """Carry every seal that is not there yet to the second place, in their order; answers how many.

    ``anew``: also those that were carried to another place before.

    Raises:
        PlaceError: the second place cannot be reached, or has something else under that name.
    """
    scope = Scope(authority_id, everything=True)
    async with transaction(engine, scope) as connection:
        rows = list(await connection.execute(_WAITING, {"authority": authority_id, "anew": anew}))
    for row in rows:
        async with transaction(engine, scope) as connection:
            leaves = await _leaves(connection, authority_id, row.previous, row.size)
        content, token = bytes(row.statement), bytes(row.token)
        await asyncio.to_thread(place.write, authority_id, row.size, content, token, leaves)
        async with transaction(engine, scope) as connection:
            await connection.execute(_EXPORTED, {"authority": authority_id, "size": row.size, "now": now})
    return len(rows)


async def _leaves(connection: AsyncConnection, authority_id: UUID, start: int, end: int) -> bytes:
    found = []
    for at in range(start, end, CHUNK):
        until = min(at + CHUNK, end)
        values = {"authority": authority_id, "start": at, "end": until}
        row = (await connection.execute(_LEAVES, values)).one()
        if row.n != until - at:
            raise LogBrokenError(f"the log has no whole range from {at} to {until}")
        found.append(bytes(row.hashes))
    return b"".join(found)


async def check(engine: AsyncEngine, authority_id: UUID, place: SecondPlace | None) -> bool:
    """Before anything is added: do the nodes lead to every sealed head, and is what was exported still here?

    Answers whether the second place has anything of this authority.

    Raises:
        LogBrokenError: a sealed head is no longer led to, or the database is behind its own exports.
        WrittenBeforeError: the second place has another statement about a head than the database.
        PlaceError: the second place cannot be reached.
    """
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        rows = list(await connection.execute(_SEALS, {"authority": authority_id}))
        for row in rows:
            if await tree.root(connection, authority_id, row.size) != statement_of(bytes(row.statement)).root:
                raise LogBrokenError(f"the log does not lead to its sealed head of size {row.size}")
    if place is None:
        return False
    here = {row.size: bytes(row.statement) for row in rows}
    heads = await asyncio.to_thread(place.heads, authority_id)
    for head in heads:
        if head.size not in here:
            raise LogBrokenError(f"only the second place has the sealed head of size {head.size}")
        if here[head.size] != head.statement:
            raise WrittenBeforeError(f"{head.name}: another statement than the database has")
    return bool(heads)
