"""Running lists beside the months' lists; what an authority decides when it opens a campaign."""

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0015"


def upgrade() -> None:
    """A wider check and three columns: ``agency_months`` is locked shortly and read once."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0019_event_lists.sql").read_text(encoding="utf-8"))
