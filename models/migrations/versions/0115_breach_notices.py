"""Notifications of a breach as files under a seal."""

from pathlib import Path

from alembic import op

revision = "0115"
down_revision = "0114"


def upgrade() -> None:
    """A new table; two wider checks, each a short lock on one table."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0115_breach_notices.sql").read_text(encoding="utf-8"))
