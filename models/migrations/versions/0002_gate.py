"""The department's gate before or after the outgoing call: a list's gate, and items cleared to go out."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Expand only: code that knows no gate goes on as before, with every list's gate after the call."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0002_gate.sql").read_text(encoding="utf-8"))
