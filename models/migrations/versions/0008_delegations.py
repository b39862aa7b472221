"""Delegations: who lent which right to whom, and on whose behalf an act was done."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Expand only. Locks `approvals` for empty columns, `events` also while it is read for an index."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0008_delegations.sql").read_text(encoding="utf-8"))
