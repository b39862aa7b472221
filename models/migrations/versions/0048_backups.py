"""Backups in the books."""

from pathlib import Path

from alembic import op

revision = "0048"
down_revision = "0046"


def upgrade() -> None:
    """One new table; nothing that stands is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0048_backups.sql").read_text(encoding="utf-8"))
