"""A round over a list says how far it is while it runs."""

from pathlib import Path

from alembic import op

revision = "0099"
down_revision = "0098"


def upgrade() -> None:
    """New columns with constant defaults: a short lock on approval_rounds, no row is written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0099_round_progress.sql").read_text(encoding="utf-8"))
