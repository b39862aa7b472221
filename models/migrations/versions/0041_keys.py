"""Which key a profile's blind index is under, unique over two keys; revisions sealed anew."""

from pathlib import Path

from alembic import op

revision = "0041"
down_revision = "0037"


def upgrade() -> None:
    """Two columns, an index over them, and the trigger of revisions; profiles are locked meanwhile."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
