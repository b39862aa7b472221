"""What an authority decides about a campaign that runs already."""

from pathlib import Path

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """A grant: no table is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0025_campaigns.sql").read_text(encoding="utf-8"))
