"""Sealed heads in the database: against their timestamps, the leaves, and the second place."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from models.history.exports import Exports, Witness, vouched
from models.history.findings import Finding
from models.history.statement import Statement, StatementError, statement_of

ALL = "SELECT * FROM log_seals WHERE authority_id = %(a)s ORDER BY size"


def compare(
    rows: list[Any],
    authority_id: UUID,
    roots: dict[int, bytes],
    end: int,
    exports: Exports | None,
    witness: Witness,
) -> Iterator[Finding]:
    """What is wrong with the seals.

    ``roots`` are those that the leaves lead to, by size; ``end`` is how many leaves the database has.
    """
    there = {head.size: head for head in exports.heads} if exports is not None else {}
    for row in rows:
        detail = f"head of {row.size}, {row.day}"
        content, token = bytes(row.statement), bytes(row.token)
        statement = _witnessed(content, token, row.size, authority_id, witness)
        if statement is None:
            yield Finding("seal-false", row.size - 1, detail=detail)
        elif row.size in roots and roots[row.size] != statement.root:
            yield Finding("head-differs", row.size - 1, detail=f"sealed {detail}")
        exported = there.get(row.size)
        if exported is not None and (exported.statement, exported.token) != (content, token):
            yield Finding("seal-differs", row.size - 1, detail=detail)
        if exports is not None and exported is None and row.exported_at is not None:
            yield Finding("seal-missing", row.size - 1, detail=detail)
    here = {row.size for row in rows}
    for size in sorted(there.keys() - here):
        yield Finding("seal-gone", size - 1, detail=f"head of {size}")
    yield from _exported(exports, roots, end) if exports is not None else ()


def _exported(exports: Exports, roots: dict[int, bytes], end: int) -> Iterator[Finding]:
    """The heads that were witnessed and are out of the database's reach, against its leaves."""
    for size, (statement, _) in sorted(exports.witnessed.items()):
        if size > end:
            yield Finding("log-cut", size - 1, detail=f"exported head of {size}")
        elif roots.get(size) != statement.root:
            yield Finding("head-differs", size - 1, detail=f"exported head of {size}")


def _witnessed(
    content: bytes, token: bytes, size: int, authority_id: UUID, witness: Witness
) -> Statement | None:
    try:
        statement = statement_of(content)
    except StatementError:
        return None
    ours = (statement.authority_id, statement.size) == (authority_id, size)
    return statement if ours and vouched(content, token, statement, witness) is not None else None
