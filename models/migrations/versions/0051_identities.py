"""Identities at a provider and the sessions they opened; keys and used assertions of service accounts."""

from pathlib import Path

from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    """Four new tables; locks nothing that is there but for the moment of the foreign keys."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
