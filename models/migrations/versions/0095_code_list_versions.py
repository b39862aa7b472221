"""Code lists loaded by a recorded act: each version whole, with who handed it in and who loaded it."""

from pathlib import Path

from alembic import op

revision = "0095"
down_revision = "0094"


def upgrade() -> None:
    """One new table; nothing that is there is locked."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0095_code_list_versions.sql").read_text(encoding="utf-8"))
