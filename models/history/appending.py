"""Events into the log: in the order of commits, none left out, none twice, whoever else tries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.database import Scope, together, transaction
from models.evidence import merkle
from models.history import tree
from models.history.leaf import COLUMNS, leaf_of
from models.history.tree import LogBrokenError

BATCH = 5_000
_LOCK = 4_817_203_553
"""First half of the lock's name; the second is the authority's."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What one batch did: events added, and the log's size after it."""

    added: int
    size: int


_MINE = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:authority, :lock)) AS mine")
HEAD = text("SELECT * FROM log_heads WHERE authority_id = :authority ORDER BY size DESC LIMIT 1")
"""The newest head."""
_EVENTS = text(
    f"SELECT {COLUMNS} FROM events e WHERE e.authority_id = :authority"  # noqa: S608 — constants
    " AND (e.transaction, e.position) > (:transaction, :position)"
    " AND e.transaction < hoso_finished_below() ORDER BY e.transaction, e.position LIMIT :most"
)
_LEAVES = text(
    "INSERT INTO log_leaves (authority_id, index, position, hash) SELECT CAST(:authority AS uuid), i, p, h"
    " FROM unnest(CAST(:indexes AS bigint[]), CAST(:positions AS bigint[]), CAST(:hashes AS bytea[]))"
    " AS x (i, p, h)"
)
_NODES = text(
    "INSERT INTO log_nodes (authority_id, level, index, hash) SELECT CAST(:authority AS uuid), l, i, h"
    " FROM unnest(CAST(:levels AS smallint[]), CAST(:indexes AS bigint[]), CAST(:hashes AS bytea[]))"
    " AS x (l, i, h)"
)
_MADE = text(
    "INSERT INTO log_heads (authority_id, size, previous_size, root, transaction, position, made_at) VALUES"
    " (:authority, :size, :previous, :root, :transaction, :position, :now)"
)


async def append(engine: AsyncEngine, authority_id: UUID, now: datetime, *, most: int = BATCH) -> Appended:
    """Add what has been committed since the last head, at most one batch; one transaction.

    Nothing is added while another process does. That two never add different events at one place is held by
    the tables' keys, not by this lock.

    Raises:
        LogBrokenError: the log does not lead to its own last head; then nobody adds to it until it is looked
            at (``hoso audit verify``).
    """
    async with transaction(engine, Scope(authority_id, everything=True)) as connection:
        asked = {"authority": str(authority_id), "lock": _LOCK}
        (mine,), heads = await together(connection, [(_MINE, asked), (HEAD, {"authority": authority_id})])
        head = heads[0] if heads else None
        size = head.size if head is not None else 0
        if not mine.mine:
            return Appended(0, size)
        rows = await _new(connection, authority_id, head, most)
        if not rows:
            return Appended(0, size)
        await _grow(connection, authority_id, await _growing(connection, authority_id, head), rows, now)
        return Appended(len(rows), size + len(rows))


async def _new(connection: AsyncConnection, authority_id: UUID, head: Any, most: int) -> list[Any]:
    after = (head.transaction, head.position) if head is not None else (-1, 0)
    values = {"authority": authority_id, "transaction": after[0], "position": after[1], "most": most}
    return list(await connection.execute(_EVENTS, values))


async def _growing(connection: AsyncConnection, authority_id: UUID, head: Any) -> merkle.Growing:
    """The tree as far as the last head, from its nodes; they must lead to that head."""
    if head is None:
        return merkle.Growing()
    parts = merkle.parts(0, head.size)
    nodes = await tree.read(connection, authority_id, parts)
    growing = merkle.Growing(head.size, [nodes[part] for part in parts])
    if growing.root != bytes(head.root):
        raise LogBrokenError(f"the log's nodes do not lead to its head of size {head.size}")
    return growing


async def _grow(
    connection: AsyncConnection, authority_id: UUID, growing: merkle.Growing, rows: list[Any], now: datetime
) -> None:
    previous, leaves = growing.size or None, [leaf_of(row) for row in rows]
    inner: list[tuple[merkle.Node, bytes]] = []
    for leaf in leaves:
        inner += [made for made in growing.append(leaf) if tree.kept(made[0])]
    first = growing.size - len(rows)
    await together(
        connection,
        [
            (
                _LEAVES,
                {
                    "authority": authority_id,
                    "indexes": list(range(first, growing.size)),
                    "positions": [row.position for row in rows],
                    "hashes": leaves,
                },
            ),
            (
                _NODES,
                {
                    "authority": authority_id,
                    "levels": [level for (level, _), _ in inner],
                    "indexes": [index for (_, index), _ in inner],
                    "hashes": [found for _, found in inner],
                },
            ),
            (
                _MADE,
                {
                    "authority": authority_id,
                    "size": growing.size,
                    "previous": previous,
                    "root": growing.root,
                    "transaction": rows[-1].transaction,
                    "position": rows[-1].position,
                    "now": now,
                },
            ),
        ],
    )
