"""The Merkle log of the events, its heads and seals; numbers of transactions that outlive a cluster."""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0013"


def upgrade() -> None:
    """New tables; of ``events`` only a default changes: locked for an instant, nothing rewritten."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0015_history.sql").read_text(encoding="utf-8"))
