"""A grant may carry the level of restriction its holder sees up to."""

from pathlib import Path

from alembic import op

revision = "0094"
down_revision = "0093"


def upgrade() -> None:
    """A new column without a default: a short lock on grants, its rows are read once for the check."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0094_grant_levels.sql").read_text(encoding="utf-8"))
