"""The whole day of a reorganisation and of the one that takes it back, as the workflow carries them out."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.reorganising.office import ReorganisingOffice
from models.calendar import legal_date, start_of_day
from models.database import engine_for, transaction
from models.messages_admin import ReorganisationBatch
from models.record.tree import load_tree
from tests.models.record.plans import approve, ask, drafted
from tests.world import World, build, tools_for

NOW = datetime(2025, 12, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=4)
    yield await build(tools_for(engine, tmp_path), NOW)
    await engine.dispose()


OWN = {
    "accounts": "SELECT id, agency_id FROM accounts",
    "delegations": "SELECT id, agency_id, state FROM delegations",
    "breaches": "SELECT id, agency_id, state FROM breaches",
    "reports": "SELECT id, agency_id, state FROM review_reports",
    "duties": "SELECT id, party, agency_id FROM duties WHERE state = 'open'"
    " AND NOT jsonb_exists(facts, 'residue')",
    "quotas": "SELECT agency_id, kind, code, number FROM agency_quotas WHERE valid_from <= :day"
    " AND (valid_to IS NULL OR valid_to > :day)",
    "posts": "SELECT agency_id, kind, title FROM agency_posts WHERE valid_from <= :day"
    " AND (valid_to IS NULL OR valid_to > :day)",
    "offices": "SELECT department_id, ict_department_id FROM authorities"
    " WHERE authority_id = hoso_authority()",
}
"""What is a unit's own, or owed in it, beside the tree and its people; without what plans leave to people."""


async def rights(world: World) -> set[tuple[Any, ...]]:
    """Who holds what where today, with a post or without."""
    rows = await world.rows(
        "SELECT g.account_id, g.agency_id, g.role FROM grants g WHERE g.valid_from <= :day"
        " AND (g.valid_to IS NULL OR g.valid_to > :day) UNION SELECT h.account_id, p.agency_id,"
        " 'post ' || p.kind FROM post_holders h JOIN agency_posts p ON p.id = h.post_id"
        " WHERE h.valid_from <= :day AND (h.valid_to IS NULL OR h.valid_to > :day)",
        day=legal_date(world.now),
    )
    return {tuple(one) for one in rows}


async def seen(world: World) -> tuple[str, list[Any], dict[str, list[Any]]]:
    """The tree of today, who is whose today by custody, by the profile's row and by the account's, and what
    is each unit's own."""
    today = legal_date(world.now)
    async with transaction(world.tools.engine, world.scope) as connection:
        tree = await load_tree(connection)
    people = await world.rows(
        "SELECT p.id, c.agency_id, p.agency_id, a.agency_id FROM profiles p"
        " JOIN custody c ON c.profile_id = p.id AND c.starts_on <= :day"
        " AND (c.ends_on IS NULL OR c.ends_on > :day)"
        " LEFT JOIN accounts a ON a.id = p.account_id ORDER BY p.id",
        day=today,
    )
    own = {}
    for what, sql in OWN.items():
        found = await world.rows(sql, **({"day": today} if ":day" in sql else {}))
        own[what] = sorted((tuple(row) for row in found), key=str)
    return tree.digest(today), [tuple(one) for one in people], own


async def wrong(world: World) -> list[Any]:
    """Asked of the rows alone: custody by exactly one agency that stands today, duties by one that stands."""
    stands = (
        "EXISTS (SELECT 1 FROM agency_spans s WHERE s.agency_id = {agency} AND NOT s.ended"
        " AND s.valid_from <= :day AND (s.valid_to IS NULL OR s.valid_to > :day))"
    )
    return await world.rows(
        "SELECT p.id, 'custody' FROM profiles p WHERE (SELECT count(*) FROM custody c"
        " WHERE c.profile_id = p.id AND c.ends_on IS NULL AND c.agency_id = p.agency_id"
        f" AND {stands.format(agency='c.agency_id')}) <> 1"
        " UNION ALL SELECT d.id, 'duty' FROM duties d WHERE d.state = 'open'"
        f" AND NOT {stands.format(agency='d.agency_id')}",
        day=legal_date(world.now),
    )


Look = Callable[[World], Awaitable[list[Any]]]


async def carried_out(world: World, case: UUID, look: Look = wrong) -> None:
    """Approved, then its day from midnight on, with a look at the invariant between its steps."""
    assert (await approve(world, case)).status == 200
    row = await world.one("SELECT effective_on FROM reorganisations WHERE id = :c", c=case)
    world.now = start_of_day(row.effective_on)
    assert (await ask(world, case, "wake")).chapter == "executing"
    await moved_and_ended(world, case, look)


async def moved_and_ended(world: World, case: UUID, look: Look = wrong) -> None:
    """People in shares, then what ends, as often as somebody is left."""
    assert await look(world) == []
    office = ReorganisingOffice(world.tools)
    more, left = True, 1
    while more or left:
        batch = ReorganisationBatch(
            authority_id=world.authority, reorganisation_id=case, now=world.now, most=1
        )
        done = await ActivityEnvironment().run(office.move_people, batch)
        assert await look(world) == []
        more = done.more
        if not more:
            left = (await ask(world, case, "finish_reorganisation")).left
    state = await world.one("SELECT state FROM reorganisations WHERE id = :c", c=case)
    assert state.state == "done"
    assert await look(world) == []


async def test_a_merger_is_carried_out_and_taken_back_exactly(world: World) -> None:
    people = [await world.employ(), await world.employ(until="declaration")]
    world.now = datetime(2025, 12, 3, 3, 0, tzinfo=UTC)
    before = await seen(world)
    case = await drafted(world, {"op": "merge", "units": ["H26.02", "H26.02.01"], "into": "H26.03"})
    await carried_out(world, case)
    during = await seen(world)
    assert {one[1] for one in during[1]} == {world.health}
    # Whoever reads as of a day before finds the former agency under its former name.
    past = await world.rows(
        "SELECT s.name FROM custody c JOIN agency_spans s ON s.agency_id = c.agency_id"
        " AND s.valid_from <= :day AND (s.valid_to IS NULL OR s.valid_to > :day)"
        " WHERE c.profile_id = :p AND c.starts_on <= :day AND c.ends_on > :day",
        p=people[0],
        day=legal_date(datetime(2025, 12, 3, 3, 0, tzinfo=UTC)),
    )
    assert [one.name for one in past] == ["Sở Văn hóa"]
    told = await world.rows(
        "SELECT agency_id, role, count(*) AS n FROM notices WHERE kind = 'reorganisation_done' GROUP BY 1, 2"
    )
    assert [tuple(one) for one in told] == [(world.health, "hr_officer", 1)]
    back = await drafted(world, {"op": "restore", "of": str(case)}, days=30)
    await carried_out(world, back)
    assert (await seen(world)) == before != during
    lines = await world.rows("SELECT count(*) AS n FROM custody GROUP BY profile_id")
    assert [one.n for one in lines] == [3, 3]
