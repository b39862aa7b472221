"""The tree of agencies, dated: spans, lines past and to come, links, posts with holders, staffing."""

from pathlib import Path

from alembic import op

revision = "0064"
down_revision = "0062"


def upgrade() -> None:
    """Six new tables, filled from what stands; `agency_closure` becomes a view of today's lines.

    Locks `agencies`, `agency_closure`, `grants` and the tables whose policies read the closure for the moment
    of the change; on ten thousand agencies about a second. Code of before goes on reading (the view shows
    what the table did) and writing agencies (triggers fill in the spans); only its import of agencies, which
    upserts lines, fails and is tried again until a worker of this release takes it.
    """
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
