"""Approval lists under one signature, each item's own answer in a round, and items held after approval."""

from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0019"


def upgrade() -> None:
    """New tables and nullable columns; ``month_items`` is locked while its check of states is read once."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0024_approval_lists.sql").read_text(encoding="utf-8"))
