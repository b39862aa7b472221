"""The ground: every table, with row-level security, grants and append-only events."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

_PARTS = ("0001_tables.sql", "0001_policies.sql")


def upgrade() -> None:
    """Create tables, then who may see and do what in them."""
    # The driver itself: statements run as written, colons and per cents included.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for part in _PARTS:
        driver.execute((Path(__file__).parent / part).read_text(encoding="utf-8"))
