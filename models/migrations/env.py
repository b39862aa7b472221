"""Alembic's entry: migrations run on a connection that ``migrate`` hands over."""

from alembic import context

from models.tables import Table

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Table.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
