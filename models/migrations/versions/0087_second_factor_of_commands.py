"""A command's row says when its session had shown a second factor."""

from pathlib import Path

from alembic import op

revision = "0087"
down_revision = "0086"


def upgrade() -> None:
    """A new column without a default: a short lock on commands, no row is written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0087_second_factor_of_commands.sql").read_text(encoding="utf-8"))
