"""``kill -9`` of the worker between two shares of a reorganisation's people, on real servers: whoever was
moved stays moved and is told once, the next worker goes on at the next person, and at every look each file
has exactly one custodian.

It waits a minute for the engine to miss the dead worker's heartbeat, so it is marked ``exhaustive``.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from models.database import engine_for, transaction
from models.record.moving import SHARE
from models.record.tools import Tools
from models.settings import DatabaseRole
from tests.models.record.plans import approve, drafted
from tests.whole.rig import Rig, own_folder
from tests.world import World

pytestmark = [pytest.mark.whole, pytest.mark.exhaustive, pytest.mark.timeout(400)]
PEOPLE = 6 * SHARE
EVERYBODY = PEOPLE + 1
"""With the one whom the installation has anyway."""
MERGER = {"op": "merge", "units": ["H26.02.01"], "into": "H26.03"}
_MANY = text(
    "WITH new AS (INSERT INTO profiles (id, authority_id, agency_id, category, full_name, id_number_index,"
    " chapter, status, version, revision_number, foretold, last_event, last_hash, created_at)"
    " SELECT g.id, :a, :unit, 'civil_servant', 'Nguyễn Thị Thử', sha256(CAST(CAST(g.id AS text) AS bytea)),"
    " 'service', 'working', 1, 0, '[]', 0, repeat('0', 64), :now FROM"
    " (SELECT gen_random_uuid() AS id FROM generate_series(1, CAST(:n AS integer))) g RETURNING id)"
    " INSERT INTO custody (id, authority_id, profile_id, agency_id, starts_on)"
    " SELECT gen_random_uuid(), :a, id, :unit, '2025-02-03' FROM new"
)
_TORN = (
    "SELECT p.id FROM profiles p WHERE (SELECT count(*) FROM custody c WHERE c.profile_id = p.id"
    " AND c.ends_on IS NULL AND c.agency_id = p.agency_id) <> 1 OR (SELECT count(*) FROM custody c"
    " WHERE c.profile_id = p.id AND c.ends_on IS NULL) <> 1"
)
_MOVED = "SELECT count(*) AS n FROM reorganisation_items WHERE reorganisation_id = :c AND state = 'moved'"
_HELD = (
    "SELECT p.id, p.agency_id, p.last_event, k.id AS custody FROM profiles p JOIN custody k"
    " ON k.profile_id = p.id AND k.ends_on IS NULL ORDER BY p.id"
)


@dataclass
class Story:
    """What was seen before the kill and what there is at the end."""

    world: World
    case: UUID = field(init=False)
    looks: int = 0
    torn: int = 0
    before: dict[UUID, Any] = field(default_factory=dict)
    after: dict[UUID, Any] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    state: str = ""


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with own_folder() as folder:
        rig = Rig(folder)
        try:
            rig.install(people=1)
            yield asyncio.run(_told(rig))
        finally:
            rig.stop()


async def _told(rig: Rig) -> Story:
    engine = engine_for(rig.settings.database_url(DatabaseRole.WORKER))
    try:
        world = replace(rig.world, tools=Tools(engine, rig.ring), now=datetime.now(UTC))
        told = Story(world)
        async with transaction(engine, world.scope) as connection:
            values = {"a": world.authority, "unit": world.museum, "now": world.now, "n": PEOPLE}
            await connection.execute(_MANY, values)
        told.case = await drafted(world, MERGER, days=0)
        assert (await approve(world, told.case)).status == 200
        await asyncio.to_thread(rig.start, "worker", "api")  # the API's reconciliation wakes the plan
        await _until(told, lambda moved: 0 < moved < EVERYBODY, 90)
        rig.kill("worker")
        told.before = {row.id: row for row in await world.rows(_HELD)}
        await asyncio.to_thread(rig.start, "worker")
        await _until(told, lambda moved: moved == EVERYBODY, 150)
        await _done(told)
        told.after = {row.id: row for row in await world.rows(_HELD)}
        counted = await world.rows(
            "SELECT count(e.number) AS n FROM reorganisation_items i LEFT JOIN events e ON e.stream_id ="
            " i.profile_id AND e.kind = 'profile.reorganised' WHERE i.reorganisation_id = :c"
            " GROUP BY i.profile_id",
            c=told.case,
        )
        told.told = [row.n for row in counted]
        return told
    finally:
        await engine.dispose()


async def _until(told: Story, enough: Any, seconds: float) -> None:
    """Look again and again, at the invariant too, until so many were moved."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        told.looks += 1
        told.torn += len(await told.world.rows(_TORN))
        if enough((await told.world.one(_MOVED, c=told.case)).n):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


async def _done(told: Story) -> None:
    end = time.monotonic() + 60
    while told.state != "done" and time.monotonic() < end:
        told.torn += len(await told.world.rows(_TORN))
        row = await told.world.one("SELECT state FROM reorganisations WHERE id = :c", c=told.case)
        told.state = row.state
        await asyncio.sleep(0.2)


def test_it_was_killed_between_two_shares(story: Story) -> None:
    moved = [row for row in story.before.values() if row.agency_id == story.world.health]
    assert 0 < len(moved) < EVERYBODY
    assert len(moved) % SHARE == 0, "a share is whole or not at all"


def test_at_every_look_each_file_has_one_custodian(story: Story) -> None:
    assert story.looks > 10
    assert story.torn == 0


def test_whoever_was_moved_is_not_moved_again_and_everybody_is_told_once(story: Story) -> None:
    assert story.state == "done"
    for profile, row in story.before.items():
        if row.agency_id == story.world.health:
            assert story.after[profile] == row
    assert [one for one in story.told if one != 1] == []
    assert len(story.told) == EVERYBODY
    museum = [row for row in story.after.values() if row.agency_id == story.world.museum]
    assert museum == [], "nobody is left in a unit that has ended"
