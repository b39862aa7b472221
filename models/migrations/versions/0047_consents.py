"""Consents to read beyond one's scope: written by the authority, electronic by the official."""

from pathlib import Path

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """A new table, a policy and functions: nothing that runs is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0047_consents.sql").read_text(encoding="utf-8"))
