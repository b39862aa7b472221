"""The accounts of a person by an index: every act asks for them."""

from pathlib import Path

from alembic import op

revision = "0098"
down_revision = "0096"


def upgrade() -> None:
    """One index: while it is made, some tenths of a second for 100,000, accounts are read and not written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0098_accounts_of_a_person.sql").read_text(encoding="utf-8"))
