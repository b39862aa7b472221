"""The national side compared with ours: runs, differences, proposed corrections, units it was told of."""

from pathlib import Path

from alembic import op

revision = "0081"
down_revision = "0080"


def upgrade() -> None:
    """New tables: nothing that runs is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0081_reconciliation.sql").read_text(encoding="utf-8"))
