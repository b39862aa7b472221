"""What proves each signature, what keeps one from being made, and which files are renewed for the archive."""

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0026"


def upgrade() -> None:
    """New tables only: nothing that runs is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0028_proofs.sql").read_text(encoding="utf-8"))
