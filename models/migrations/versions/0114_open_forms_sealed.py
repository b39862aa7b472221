"""Fields that forms hold in the open though they are sealed today may move behind the seal."""

from pathlib import Path

from alembic import op

revision = "0114"
down_revision = "0113"


def upgrade() -> None:
    """One function replaced; no table is read or locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0114_open_forms_sealed.sql").read_text(encoding="utf-8"))
