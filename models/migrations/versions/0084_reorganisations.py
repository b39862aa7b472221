"""Reorganisations: plans, the people they move, whose regulation binds a subtree."""

from pathlib import Path

from alembic import op

revision = "0084"
down_revision = "0082"


def upgrade() -> None:
    """New tables: nothing that runs is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0084_reorganisations.sql").read_text(encoding="utf-8"))
