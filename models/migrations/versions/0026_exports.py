"""Exports of dossiers: to whom, for what, as of which day; and the names an approval was given under."""

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """A new table; ``approvals`` gets two columns and a trigger: locked shortly, not read."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0026_exports.sql").read_text(encoding="utf-8"))
