"""The rate of ``POST /verify`` is one for all API processes."""

from pathlib import Path

from alembic import op

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    """A new table; nothing else is touched."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0079_verify_askers.sql").read_text(encoding="utf-8"))
