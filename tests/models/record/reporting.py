"""An open report in a review, written as rows."""

from uuid import UUID, uuid4

from tests.world import World


async def report(world: World) -> UUID:
    """An open report of ``culture`` in a review."""
    ids = {"a": world.authority, "now": world.now, "review": uuid4(), "report": uuid4(), "g": world.culture}
    await world.rows(
        "INSERT INTO reviews VALUES (:review, :a, '2025-q4', 'report_quarter', 'r', 'Điều', 'h', 'open',"
        " '2025-12-11', '2025-12-25', '2025-12-25', :now, :now, false, :now, NULL, NULL, '{}') RETURNING id",
        **ids,
    )
    await world.rows(
        "INSERT INTO review_reports (id, authority_id, review_id, agency_id, whole, state, version, figures,"
        " late_days) VALUES (:report, :a, :review, :g, false, 'open', 1, '{}', 0) RETURNING id",
        **ids,
    )
    return ids["report"]
