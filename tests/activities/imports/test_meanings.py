"""An import asks the mapping desk: what is decided about an old value is entered, and said at its cell."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text

from models.database import Scope, engine_for, transaction
from models.record.load import content_of
from models.settings import DatabaseRole
from tests.conftest import Database

from .books import book, someone
from .conftest import Desk

DECIDE = (
    "INSERT INTO code_mappings (id, authority_id, code_list, old, code, decided_by, decided_at)"
    " VALUES (:id, :a, 'religion', 'Đạo Phật', :code, :by, :at)"
)


async def decide(database: Database, desk: Desk, by: UUID, code: str | None, at: datetime) -> None:
    """A decision, written as the API writes it: by the one who decides."""
    engine = engine_for(database.url(DatabaseRole.API))
    async with transaction(engine, Scope(desk.authority, everything=True, account=by)) as connection:
        values = {"id": uuid4(), "a": desk.authority, "code": code, "by": by, "at": at}
        await connection.execute(text(DECIDE), values)
    await engine.dispose()


async def test_an_old_value_is_entered_as_decided_until_the_decision_is_taken_back(
    desk: Desk, database: Database
) -> None:
    people = [someone(n) for n in (1, 2)]
    data = book(people, raw={("profiles", 3, "religion"): "đạo phật"})
    before = await desk.bring(data, dry_run=True)
    assert before.codes("Hồ sơ", 3) == [("religion", "unknown-code")]
    by = await desk.administrator()
    await decide(database, desk, by, "buddhism", desk.now)
    for dry_run in (True, False):
        brought = await desk.bring(data, dry_run=dry_run)
        assert brought.verdicts("Hồ sơ") == {3: "create", 4: "create"}
        (said,) = brought.lines["Hồ sơ", 3].issues
        assert (said["field"], said["code"]) == ("religion", "old-value")
        assert said["column"], "the cell is named"
        assert brought.lines["Hồ sơ", 4].issues == []
    revision = "SELECT id FROM revisions WHERE profile_id = :p"
    row = await desk.one(revision, p=brought.lines["Hồ sơ", 3].subject_id)
    async with transaction(desk.tools.engine, Scope(desk.authority, everything=True)) as connection:
        content = await content_of(connection, desk.tools, desk.authority, row.id)
    assert content["religion"] == "buddhism"
    await decide(database, desk, by, None, desk.now.replace(minute=30))
    again = await desk.bring(data, dry_run=True)
    assert again.codes("Hồ sơ", 3) == [("religion", "unknown-code")]
