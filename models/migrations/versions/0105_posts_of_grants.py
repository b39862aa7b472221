"""Posts and holders for the roles that imports and grants have given without them."""

from pathlib import Path

from alembic import op

revision = "0105"
down_revision = "0104"


def upgrade() -> None:
    """New rows of ``agency_posts`` and ``post_holders``; nothing that is there is changed or locked.

    Code of before goes on giving roles without a post; whoever appoints looks at both.
    """
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute((Path(__file__).parent / "0105_posts_of_grants.sql").read_text(encoding="utf-8"))
