"""Loads of law and calendar as rows of their own: content that is known can come into force again."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add two tables, filled with what was loaded; a short lock on two small tables for their trigger."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
