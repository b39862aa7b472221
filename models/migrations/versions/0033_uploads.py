"""What was done to an attachment before it was kept, who certified it, and uploads that resume."""

from pathlib import Path

from alembic import op

revision = "0033"
down_revision = "0031"


def upgrade() -> None:
    """Columns empty or with a constant default, and two new tables: ``attachments`` is locked shortly."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0033_uploads.sql").read_text(encoding="utf-8"))
