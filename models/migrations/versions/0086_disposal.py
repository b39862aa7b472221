"""Archived files: legal holds, disposal as a case, the mark of a file whose content was destroyed."""

from pathlib import Path

from alembic import op

revision = "0086"
down_revision = "0084"


def upgrade() -> None:
    """A new table; a new column without a default and two wider checks, each a short lock on one table."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0086_disposal.sql").read_text(encoding="utf-8"))
