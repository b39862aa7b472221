"""Chains of signatures: which step of its chain an approval is, and how an agency stands to its authority."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Columns with constant defaults: a short lock on two tables, no row is rewritten."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0003_chains.sql").read_text(encoding="utf-8"))
