"""Row-level security knows who reads archived files."""

from pathlib import Path

from alembic import op

revision = "0088"
down_revision = "0087"


def upgrade() -> None:
    """Policies of four tables: a short lock on each, no row is read or written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0088_archives.sql").read_text(encoding="utf-8"))
