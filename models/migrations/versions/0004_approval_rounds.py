"""Rounds of approvals as rows: what a list's command chose survives the loss of the engine."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table and fill it with what is accepted and has not been run; locks nothing that is in use."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
