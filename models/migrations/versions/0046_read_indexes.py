"""Indexes by which the morning list and the late ones are found at 100,000 people."""

from pathlib import Path

from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Two indexes: writing waits while they are built."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0046_read_indexes.sql").read_text(encoding="utf-8"))
