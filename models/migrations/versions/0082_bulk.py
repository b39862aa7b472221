"""Orders over many people at once: what was chosen, frozen, and what became of each item."""

from pathlib import Path

from alembic import op

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    """New tables: nothing that runs is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0082_bulk.sql").read_text(encoding="utf-8"))
