"""Pauses of outside parties, and announced maintenance."""

from pathlib import Path

from alembic import op

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    """Two new tables; locks nothing that is there but for the moment of the foreign keys."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
