"""Signing sessions name what they sign: an approval, an approval list, a report, an export."""

from pathlib import Path

from alembic import op

revision = "0045"
down_revision = "0041"


def upgrade() -> None:
    """Widens one small table under a short lock; what a worker of before writes and reads stays as it was."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0045_sessions_of_kinds.sql").read_text(encoding="utf-8"))
