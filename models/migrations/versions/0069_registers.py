"""Registers of breaches and of what officials ask about their files."""

from pathlib import Path

from alembic import op

revision = "0069"
down_revision = "0064"


def upgrade() -> None:
    """New tables; nothing that stands is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0069_registers.sql").read_text(encoding="utf-8"))
