"""A person reads also what was merged into the own file."""

from pathlib import Path

from alembic import op

revision = "0112"
down_revision = "0111"


def upgrade() -> None:
    """New policies beside the others: a short lock on each table."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0112_merged_own.sql").read_text(encoding="utf-8"))
