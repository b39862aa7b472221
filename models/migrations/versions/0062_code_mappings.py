"""The mapping desk: what an old value of a code list is decided to mean."""

from pathlib import Path

from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """One new table; nothing that is there is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
