"""The top of an authority's tree is asked for in one way: the one that stands today."""

from pathlib import Path

from alembic import op

revision = "0104"
down_revision = "0099"


def upgrade() -> None:
    """One new function; nothing is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0104_standing_top.sql").read_text(encoding="utf-8"))
