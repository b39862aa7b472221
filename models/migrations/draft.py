"""``python -m models.migrations.draft``: print today's tables as SQL, to start a migration from."""

import sys

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from models.tables import Table


def ddl() -> str:
    """All tables and indexes in an order in which they can be created."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
    parts: list[str] = []
    deferred: list[str] = []
    for table in Table.metadata.sorted_tables:
        parts.append(str(CreateTable(table).compile(dialect=dialect)).strip() + ";\n")
        parts.extend(
            str(CreateIndex(index).compile(dialect=dialect)) + ";\n"
            for index in sorted(table.indexes, key=lambda i: str(i.name))
        )
        deferred.extend(
            f"ALTER TABLE {table.name} ADD CONSTRAINT {c.name} FOREIGN KEY ({', '.join(c.column_keys)})"
            f" REFERENCES {c.referred_table.name} ({', '.join(e.column.name for e in c.elements)})"
            " DEFERRABLE INITIALLY DEFERRED;\n"
            for c in table.foreign_key_constraints
            if c.use_alter
        )
    return "\n".join(parts + deferred).replace("\t", "    ")


if __name__ == "__main__":
    sys.stdout.write(ddl())
