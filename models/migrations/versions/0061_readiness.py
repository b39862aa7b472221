"""Readiness: what each profile lacks before the window, counted per unit as it changes."""

from pathlib import Path

from alembic import op

revision = "0061"
down_revision = "0056"


def upgrade() -> None:
    """Two new tables; triggers on profiles, locked for an instant; a batch fills what is there."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
