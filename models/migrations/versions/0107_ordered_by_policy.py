"""A comparison with the national database may be ordered by policy: then nobody ordered it."""

from pathlib import Path

from alembic import op

revision = "0107"
down_revision = "0105"


def upgrade() -> None:
    """One constraint less on ``reconciliations``: a short lock, no row is read or written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0107_ordered_by_policy.sql").read_text(encoding="utf-8"))
