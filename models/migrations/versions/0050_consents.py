"""Consents to read beyond one's scope: written by the authority, electronic by the official."""

from pathlib import Path

from alembic import op

revision = "0050"
down_revision = "0048"


def upgrade() -> None:
    """A new table, a policy and functions: nothing that runs is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0050_consents.sql").read_text(encoding="utf-8"))
