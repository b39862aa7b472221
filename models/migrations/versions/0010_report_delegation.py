"""A review's report signed by a delegate: on whose behalf, by which delegation."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Two nullable columns: a short lock on ``review_reports``, no row is rewritten."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0010_report_delegation.sql").read_text(encoding="utf-8"))
