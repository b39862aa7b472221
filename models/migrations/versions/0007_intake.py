"""Intake from the national database: the profile's origin, and each national record that was pulled."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Expand only: profiles opened before this keep an unknown origin."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0007_intake.sql").read_text(encoding="utf-8"))
