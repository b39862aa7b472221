"""Schema migrations: plain SQL in order, expand first and contract a release later.

They run as ``hoso_owner``; the API, the worker and reports connect as roles of their own that own
nothing and bypass nothing.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

HERE = Path(__file__).parent
_LOCK = 4_817_203_551


def configuration() -> Config:
    """Alembic's configuration, pointing into this package."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` (a synchronous psycopg address, role ``hoso_owner``) to the head, or to
    the ``revision`` that a backup's rows were written under.

    Two processes that start at once take turns: the second finds nothing to do.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SET lock_timeout = '30s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            # A database that came from another cluster goes on in its own order of transactions (0015).
            connection.execute(text("SELECT hoso_renew_transactions()"))
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision this code knows."""
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    assert revision is not None
    return revision


def knows(revision: str) -> bool:
    """Whether this code has the revision; a backup of a newer version names one that it has not."""
    return revision in {one.revision for one in ScriptDirectory.from_config(configuration()).walk_revisions()}


def current(connection: Connection) -> str | None:
    """The revision the database is at."""
    return MigrationContext.configure(connection).get_current_revision()
