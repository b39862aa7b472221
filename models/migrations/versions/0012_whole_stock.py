"""Lists of the whole stock beside the months' lists, and the campaign they belong to."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """A column with a constant default and a new table: ``agency_months`` is locked shortly, read once."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0012_whole_stock.sql").read_text(encoding="utf-8"))
