"""Upgrading in place: migrations may be run again, by two at once, on a database in use."""

import threading
from pathlib import Path
from typing import Any

import psycopg

from models.migrations import head, migrate
from models.settings import DatabaseRole


def _shape(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY 1, 2"
        ).fetchall()
        policies = connection.execute(
            "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2"
        ).fetchall()
        grants = connection.execute(
            "SELECT table_name, column_name, grantee, privilege_type"
            " FROM information_schema.column_privileges WHERE table_schema = 'public' ORDER BY 1, 2, 3, 4"
        ).fetchall()
    return [*columns, *policies, *grants]


def _version(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row is not None
    return str(row[0])


def test_a_second_migration_changes_nothing(database) -> None:
    owner = database.libpq_url(DatabaseRole.MIGRATION)
    before = _shape(owner)
    assert len(before) > 500
    migrate(database.url(DatabaseRole.MIGRATION))
    assert _shape(owner) == before
    assert _version(owner) == head()


def test_two_at_once_take_turns(empty_database, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def one() -> None:
        try:
            migrate(empty_database.url(DatabaseRole.MIGRATION))
        except BaseException as failure:
            failures.append(failure)

    both = [threading.Thread(target=one) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert failures == []
    assert _version(empty_database.libpq_url(DatabaseRole.MIGRATION)) == head()


def test_rows_and_sessions_outlive_a_migration(database) -> None:
    """A worker's open connection goes on over a migration that has nothing to do."""
    with psycopg.connect(database.libpq_url(DatabaseRole.WORKER)) as worker:
        worker.execute("SELECT set_config('hoso.authority', '00000000-0000-7000-8000-000000000001', true)")
        worker.execute("SELECT count(*) FROM profiles")
        migrate(database.url(DatabaseRole.MIGRATION))
        row = worker.execute("SELECT count(*) FROM profiles").fetchone()
    assert row == (0,)
