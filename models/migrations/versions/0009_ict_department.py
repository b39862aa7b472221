"""The agency that operates an authority's database: whoever issues accounts for all of it is found there."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """A nullable column on the table with one row per authority: a short lock, no row is rewritten."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0009_ict_department.sql").read_text(encoding="utf-8"))
