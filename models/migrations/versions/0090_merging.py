"""Duplicate profiles of one person: a case that closes one into the other, and the pointer it leaves."""

from pathlib import Path

from alembic import op

revision = "0090"
down_revision = "0089"


def upgrade() -> None:
    """A new column without a default, two partial indexes and a wider check, each a short lock."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0090_merging.sql").read_text(encoding="utf-8"))
