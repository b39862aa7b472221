"""The worker may take back the link to an heir with an end that was decided ahead and taken back."""

from pathlib import Path

from alembic import op

revision = "0113"
down_revision = "0112"


def upgrade() -> None:
    """One grant; no lock that anybody waits for."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0113_announced_links.sql").read_text(encoding="utf-8"))
