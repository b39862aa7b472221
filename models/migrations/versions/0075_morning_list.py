"""What the morning list of a whole authority is read from at 100,000 people."""

from pathlib import Path

from alembic import op

revision = "0075"
down_revision = "0069"


def upgrade() -> None:
    """One column that follows the facts, two indexes: writing waits for seconds."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
