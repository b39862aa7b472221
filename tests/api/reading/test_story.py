"""The change feed that never skips a late committer; timelines from our events and the engine's history."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from temporalio.client import Client

from models.database import Scope, transaction
from models.identifiers import profile_workflow
from tests.api.reading.world import Caller, World, code_of
from workflows.payload_codec import data_converter


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, UUID]:
    """One person in A with three events, one in B with one."""

    async def write(c: Any) -> None:
        an = await world.profile(c, "NGUYỄN VĂN AN", world.a)
        dung = await world.profile(c, "Đỗ Anh Dũng", world.b)
        await world.account(c, "an", kind="personal", profile_id=an)
        for number, kind in enumerate(("profile.opened", "account.created", "duty.opened"), start=1):
            await world.event(
                c, an, number, kind=kind, rule_id="hanoi.art6.2", citation="Điều 6", facts={"n": number}
            )
        await world.event(c, dung, 1, agency_id=world.b)

    asyncio.run(world.written(write))
    return world.profiles


async def _whole(caller: Caller, limit: int = 2) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    after: dict[str, str] = {}
    while True:
        answer = await caller.ok("/changes", limit=limit, **after)
        found += [(e["stream_id"], e["number"]) for e in answer["items"]]
        after = {"after": answer["next"]} if answer["next"] else {}
        if not answer["more"]:
            return found


async def test_the_feed_is_scoped(people: dict[str, UUID], callers: Callable[[], Caller]) -> None:
    an, dung = str(people["NGUYỄN VĂN AN"]), str(people["Đỗ Anh Dũng"])
    assert await _whole(await callers().login("an")) == [(an, 1), (an, 2), (an, 3)]
    assert await _whole(await callers().login("hr.b")) == [(dung, 1)]
    assert set(await _whole(await callers().login("sonoivu"))) >= {(an, 3), (dung, 1)}


@pytest.mark.parametrize("after", ["x", "WyJhIiwiYiJd", "WyIxIl0"])
async def test_a_foreign_cursor_is_refused(caller: Caller, after: str) -> None:
    await caller.login("hr.a")
    assert code_of(await caller.get("/changes", params={"after": after})) == (400, "malformed-request")


async def test_a_late_committer_is_never_skipped(
    world: World, people: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    """A begins and writes, B begins, writes and commits, the reader reads, A commits, the reader goes on."""
    reader = await callers().login("hr.a")
    start = (await reader.ok("/changes", limit=1000))["next"]
    slow, fast = uuid4(), uuid4()
    engine = create_async_engine(world.database.url("worker"), poolclass=NullPool)
    scope = Scope(world.authority, everything=True)
    async with transaction(engine, scope) as late:
        await world.event(late, slow, 1, profile_id=None)
        async with transaction(engine, scope) as early:
            await world.event(early, fast, 1, profile_id=None)
        between = await reader.ok("/changes", after=start)
        assert between["items"] == [], "what is committed after an open transaction waits for it"
        assert between["next"] == start, "the same question again, nothing lost"
        await world.event(late, slow, 2, profile_id=None)
    after = await reader.ok("/changes", after=between["next"])
    assert [(e["stream_id"], e["number"]) for e in after["items"]] == [
        (str(slow), 1),
        (str(slow), 2),
        (str(fast), 1),
    ]
    assert (await reader.ok("/changes", after=after["next"]))["items"] == []
    await engine.dispose()


async def test_many_writers_at_once_are_all_seen_once(world: World, callers: Callable[[], Caller]) -> None:
    reader = await callers().login("hr.a")
    start = (await reader.ok("/changes", limit=1000))["next"]
    engine = create_async_engine(world.database.url("worker"), poolclass=NullPool)
    streams = [uuid4() for _ in range(12)]
    seen: list[str] = []

    async def write(stream: UUID, delay: float) -> None:
        async with transaction(engine, Scope(world.authority, everything=True)) as connection:
            await world.event(connection, stream, 1, profile_id=None)
            await asyncio.sleep(delay)

    async def follow() -> None:
        after = start
        while len(seen) < len(streams):
            answer = await reader.ok("/changes", after=after, limit=3)
            seen.extend(e["stream_id"] for e in answer["items"])
            after = answer["next"]

    delays = [0.03 * (n * 5 % 7) for n in range(len(streams))]
    await asyncio.wait_for(
        asyncio.gather(follow(), *(write(s, d) for s, d in zip(streams, delays, strict=True))), 30
    )
    assert sorted(seen) == sorted(map(str, streams))
    await engine.dispose()


async def test_a_timeline_from_our_events(people: dict[str, UUID], caller: Caller) -> None:
    await caller.login("an")
    path = f"/profiles/{people['NGUYỄN VĂN AN']}/timeline"
    first = await caller.ok(path, limit=2)
    assert [e["kind"] for e in first["events"]] == ["profile.opened", "account.created"]
    assert first["events"][0]["citation"] == "Điều 6"
    rest = await caller.ok(path, limit=2, after=first["next"])
    assert ([e["facts"] for e in rest["events"]], rest["next"]) == ([{"n": 3}], None)
    assert rest["engine"] == {
        "available": False, "reason": "not-connected", "run_id": None, "status": None, "begins_at": None,
        "truncated": False, "events": [],
    }  # fmt: skip


async def test_timelines_of_nothing(caller: Caller) -> None:
    await caller.login("sonoivu")
    for noun in ("profiles", "transfers", "agency-months"):
        assert code_of(await caller.get(f"/{noun}/{uuid4()}/timeline")) == (404, "not-found")


async def test_the_engine_away_says_so(app: FastAPI, people: dict[str, UUID], caller: Caller) -> None:
    app.state.temporal = await Client.connect("127.0.0.1:1", lazy=True)
    await caller.login("an")
    answer = await caller.ok(f"/profiles/{people['NGUYỄN VĂN AN']}/timeline")
    assert (answer["engine"]["available"], answer["engine"]["reason"]) == (False, "unreachable")
    assert len(answer["events"]) == 3


async def test_the_engines_part_where_it_is_retained(
    world: World,
    app: FastAPI,
    people: dict[str, UUID],
    temporal_server: Any,
    callers: Callable[[], Caller],
) -> None:
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.ring))
    app.state.temporal = client
    person, inspector = await callers().login("an"), await callers().login("admin")
    path = f"/profiles/{people['NGUYỄN VĂN AN']}/timeline"
    assert (await person.ok(path))["engine"]["reason"] == "not-retained"
    workflow_id = profile_workflow(people["NGUYỄN VĂN AN"])
    handle = await client.start_workflow(
        "Nobody", {"note": "kín"}, id=workflow_id, task_queue="nobody", static_summary="Hồ sơ"
    )
    try:
        part = (await person.ok(path))["engine"]
        assert part["available"] is True
        assert part["run_id"] == handle.first_execution_run_id
        assert part["begins_at"] == part["events"][0]["at"]
        assert part["events"][0]["type"] == "workflow_execution_started"
        assert part["events"][0]["payloads"] is None, "an official is shown types and times"
        shown = (await inspector.ok(path))["engine"]["events"][0]
        assert shown["payloads"] == [{"note": "kín"}]
    finally:
        await handle.terminate()
