"""Certificates registered to accounts, and signing sessions for keys that are elsewhere."""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0028"


def upgrade() -> None:
    """Two new tables and a function; nothing that stands is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0030_signing_sessions.sql").read_text(encoding="utf-8"))
