"""The law of parts of a tree that are under another regulation, loaded for them."""

from pathlib import Path

from alembic import op

revision = "0089"
down_revision = "0087"


def upgrade() -> None:
    """One new table, and a trigger function that knows of it; two columns with defaults and a constraint less
    on the tables of reorganisations, each locked for a moment. No row is written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0089_regime_loads.sql").read_text(encoding="utf-8"))
