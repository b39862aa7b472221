"""What a merged profile holds is read by whoever reads the one it was merged into."""

from pathlib import Path

from alembic import op

revision = "0096"
down_revision = "0095"


def upgrade() -> None:
    """Policies of four tables: a short lock on each, no row is read or written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0096_merged_archives.sql").read_text(encoding="utf-8"))
