"""Row-level security knows who reads archived files."""

from pathlib import Path

from alembic import op

revision = "0093"
down_revision = "0090"


def upgrade() -> None:
    """Policies of four tables: a short lock on each, no row is read or written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0093_archives.sql").read_text(encoding="utf-8"))
