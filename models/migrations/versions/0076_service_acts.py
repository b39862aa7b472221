"""Keys of service accounts become facts."""

from pathlib import Path

from alembic import op

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    """Grants and a policy; nothing is locked for longer than that."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0076_service_acts.sql").read_text(encoding="utf-8"))
