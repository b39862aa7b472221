"""Tables as bytes: PostgreSQL's own COPY text, of every authority in turn, from one snapshot.

Row-level security is forced on every role we have, and no role of ours steps over it: so each authority is
read under its own scope, all of them in one transaction (repeatable read), and what is read is what that
scope shows. A role that sees everything is not needed to take a backup, and none is made for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]

ORDERLY = (
    # How values are written must not depend on the server or on who asks.
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC';"
    " SET bytea_output = 'hex'; SET extra_float_digits = 1; SET client_encoding = 'UTF8';"
    # Rows in the order they lie in: the same on both sides of a restore.
    " SET synchronize_seqscans = off; SET max_parallel_workers_per_gather = 0; SET enable_indexscan = off;"
    " SET enable_indexonlyscan = off; SET enable_bitmapscan = off"
)
_TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY c.relname ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the columns that are copied (what PostgreSQL computes itself is not)."""

    name: str
    columns: tuple[str, ...]

    def copy_out(self, authority_id: UUID) -> sql.Composed:
        """The statement that reads one authority's rows."""
        return sql.SQL("COPY (SELECT {} FROM {} WHERE authority_id = {}) TO STDOUT").format(
            self._columns, sql.Identifier(self.name), sql.Literal(str(authority_id))
        )

    def copy_in(self) -> sql.Composed:
        """The statement that writes rows; its role must own or stand above the table's policies."""
        return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(self.name), self._columns)

    @property
    def _columns(self) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(name) for name in self.columns)


def tables_of(connection: Connection) -> list[Table]:
    """Every table of ours, by name."""
    return [Table(name, tuple(columns)) for name, columns in connection.execute(_TABLES).fetchall()]


def authorities_of(connection: Connection) -> list[UUID]:
    """Every authority of the installation, in one order."""
    found = connection.execute("SELECT authority_id FROM authorities ORDER BY authority_id").fetchall()
    return [row[0] for row in found]


def enter(connection: Connection, authority_id: UUID) -> None:
    """Read on this authority's behalf from here to the end of the transaction."""
    connection.execute(
        "SELECT set_config('hoso.authority', %s, true), set_config('hoso.scope', 'authority', true)",
        [str(authority_id)],
    )


def lines_of(connection: Connection, table: Table, authority_id: UUID) -> Iterator[bytes]:
    """One authority's rows, a line each."""
    with connection.cursor() as cursor, cursor.copy(table.copy_out(authority_id)) as copy:
        for line in copy:
            yield bytes(line)
