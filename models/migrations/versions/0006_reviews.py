"""Data reviews: campaigns, reports, findings; duties may be about a report."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables with their policies, and the column of duties."""
    # The driver itself: statements run as written, colons and per cents included.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0006_reviews.sql").read_text(encoding="utf-8"))
