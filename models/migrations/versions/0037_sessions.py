"""Sessions that are listed and idle out, second factors, one-time passwords that end, suspended accounts."""

from pathlib import Path

from alembic import op

revision = "0037"
down_revision = "0034"


def upgrade() -> None:
    """New columns without a rewrite of `accounts`; `sessions` (small) is rewritten; three new tables."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
