"""Slips of transfers and of leaving: asked for by the act, made and signed right after it."""

from pathlib import Path

from alembic import op

revision = "0078"
down_revision = "0076"


def upgrade() -> None:
    """A new table; two checks widened under a short lock."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0078_slips.sql").read_text(encoding="utf-8"))
