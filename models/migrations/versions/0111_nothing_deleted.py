"""What nobody deletes, nobody may delete."""

from pathlib import Path

from alembic import op

revision = "0111"
down_revision = "0108"


def upgrade() -> None:
    """Grants only: a short lock on each table."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0111_nothing_deleted.sql").read_text(encoding="utf-8"))
