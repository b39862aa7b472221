"""A secondment follows its units in a reorganisation."""

from pathlib import Path

from alembic import op

revision = "0108"
down_revision = "0107"


def upgrade() -> None:
    """A grant on two columns: no row is read or written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0108_secondments_follow.sql").read_text(encoding="utf-8"))
