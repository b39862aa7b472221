"""Who looked at whose file: a line per reader, part and quarter of an hour, which nobody changes."""

from pathlib import Path

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """A new table and a narrower grant for reports: nothing that runs is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0034_reads.sql").read_text(encoding="utf-8"))
