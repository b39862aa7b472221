"""Whose a document is: the authorities whose rows name its hash."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import Scope, transaction

_COLUMNS = text(
    "SELECT c.relname AS table, a.attname AS column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped"
    " AND (a.attname IN ('document_sha256', 'prepared_sha256', 'current_sha256')"
    "   OR (c.relname = 'attachments' AND a.attname = 'sha256')"
    "   OR (c.relname = 'signing_sessions' AND a.attname IN ('prepared', 'returned', 'document')))"
    " ORDER BY 1, 2"
)


async def owners(
    engine: AsyncEngine, authorities: Sequence[UUID], digests: Sequence[str]
) -> dict[str, list[UUID]]:
    """Each of the documents with every authority that names it: none for a file that no row came of."""
    found: dict[str, list[UUID]] = {digest: [] for digest in digests}
    for authority_id in authorities:
        async with transaction(engine, Scope(authority_id, everything=True)) as connection:
            columns = list(await connection.execute(_COLUMNS))
            named: set[str] = set()
            for table, column in columns:
                statement = f"SELECT DISTINCT {column} FROM {table} WHERE {column} = ANY (:digests)"  # noqa: S608 — names of the catalogue, no input
                named.update(
                    (await connection.execute(text(statement), {"digests": list(digests)})).scalars()
                )
        for digest in named:
            found[digest].append(authority_id)
    return found
