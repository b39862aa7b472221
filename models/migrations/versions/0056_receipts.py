"""Receipts of the national database kept as they came; which field of an item it refused."""

from pathlib import Path

from alembic import op

revision = "0056"
down_revision = "0051"


def upgrade() -> None:
    """A new table and a column without a default: month_items is locked for a moment."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0056_receipts.sql").read_text(encoding="utf-8"))
