"""The log's tree as PostgreSQL keeps it: every leaf, of the inner nodes every fourth level.

What lies between is reckoned from at most eight hashes below. So an event costs one row and a fifteenth,
and a proof in a log of a million reads some two hundred small rows by their keys.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.database import together
from models.errors import HosoError
from models.evidence import merkle
from models.evidence.merkle import Node, Range

STEP = 4
"""Levels from one that is kept to the next."""


class LogBrokenError(HosoError):
    """The log in PostgreSQL is not whole: a node is gone, or does not lead to the head that was made."""


_LEAVES = text(
    "SELECT l.index, l.hash FROM unnest(CAST(:starts AS bigint[]), CAST(:ends AS bigint[])) AS w (s, e)"
    " JOIN log_leaves l ON l.authority_id = :authority AND l.index >= w.s AND l.index < w.e"
)
_NODES = text(
    "SELECT n.level, n.index, n.hash FROM unnest(CAST(:levels AS smallint[]), CAST(:starts AS bigint[]),"
    " CAST(:ends AS bigint[])) AS w (v, s, e) JOIN log_nodes n ON n.authority_id = :authority"
    " AND n.level = w.v AND n.index >= w.s AND n.index < w.e"
)


def kept(node: Node) -> bool:
    """Whether an inner node has a row."""
    return node[0] > 0 and node[0] % STEP == 0


async def read(connection: AsyncConnection, authority_id: UUID, wanted: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of complete subtrees.

    Raises:
        LogBrokenError: one of them cannot be reckoned from what is kept.
    """
    below = {node: _below(node) for node in wanted}
    leaves = [(start, end) for level, start, end in below.values() if level == 0]
    inner = [one for one in below.values() if one[0] > 0]
    queries: list[Any] = [
        (_LEAVES, {"authority": authority_id, **_bounds(leaves)}),
        (
            _NODES,
            {
                "authority": authority_id,
                "levels": [level for level, _, _ in inner],
                **_bounds([(start, end) for _, start, end in inner]),
            },
        ),
    ]
    found_leaves, found_nodes = await together(connection, queries)
    known: dict[Node, bytes] = {(0, row.index): bytes(row.hash) for row in found_leaves}
    known |= {(row.level, row.index): bytes(row.hash) for row in found_nodes}
    try:
        return {
            node: merkle.complete_root([known[level, index] for index in range(start, end)])
            for node, (level, start, end) in below.items()
        }
    except KeyError as error:
        raise LogBrokenError(f"the log has no node {error.args[0]}") from None


async def root(connection: AsyncConnection, authority_id: UUID, size: int) -> bytes:
    """The root of the log's first ``size`` leaves, from its nodes."""
    (found,) = await _roots(connection, authority_id, [(0, size)])
    return found


async def inclusion(connection: AsyncConnection, authority_id: UUID, index: int, size: int) -> list[bytes]:
    """The proof that leaf ``index`` is in the log of ``size`` leaves."""
    return await _roots(connection, authority_id, merkle.inclusion_ranges(index, size))


async def consistency(
    connection: AsyncConnection, authority_id: UUID, first: int, second: int
) -> list[bytes]:
    """The proof that the log of ``second`` leaves only appended to that of ``first``."""
    return await _roots(connection, authority_id, merkle.consistency_ranges(first, second))


async def _roots(connection: AsyncConnection, authority_id: UUID, ranges: list[Range]) -> list[bytes]:
    wanted = {part for one in ranges for part in merkle.parts(*one)}
    nodes = await read(connection, authority_id, wanted)
    return [merkle.range_root(one, nodes.__getitem__) for one in ranges]


def _below(node: Node) -> tuple[int, int, int]:
    """The kept level a node is reckoned from, and the range of indexes there."""
    level, index = node
    up = level % STEP
    return level - up, index << up, (index + 1) << up


def _bounds(ranges: list[Range]) -> dict[str, list[int]]:
    return {"starts": [start for start, _ in ranges], "ends": [end for _, end in ranges]}
