"""Proofs over the API: reckoned again by whoever asked, from the answer alone."""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from models.evidence import TrustList, merkle
from models.history import sealing
from models.history.appending import append
from models.history.witness import witness_by
from tests.api.reading.world import Caller, World, code_of
from tests.models.history.stamping import stamp_at


@pytest.fixture(scope="module")
def people(world: World, pki: Path) -> dict[str, UUID]:
    """Events of two agencies: forty logged and sealed, ten logged later, one not yet."""

    async def write() -> None:
        made: list[UUID] = []

        async def open_profiles(c: Any) -> None:
            made.append(await world.profile(c, "NGUYỄN VĂN AN", world.a))
            made.append(await world.profile(c, "Đỗ Anh Dũng", world.b))
            await world.account(c, "an", kind="personal", profile_id=made[0])

        async def events(c: Any, first: int, last: int) -> None:
            for number in range(first, last + 1):
                await world.event(c, made[0], number, facts={"n": number})
                await world.event(c, made[1], number, agency_id=world.b)

        await world.written(open_profiles)
        engine = create_async_engine(world.database.url("worker"), poolclass=NullPool)
        now = datetime.now(UTC)
        await world.written(lambda c: events(c, 1, 20))
        await append(engine, world.authority, now)
        assert await sealing.seal(engine, world.authority, now, stamp_at(pki, now)) == 40
        await world.written(lambda c: events(c, 21, 25))
        await append(engine, world.authority, now + timedelta(minutes=1))
        await world.written(lambda c: events(c, 26, 26))

    asyncio.run(write())
    return world.profiles


def followed(proof: dict[str, Any]) -> bytes:
    """The root the answer's own path leads to, by the definition and not by our code."""
    found = hashlib.sha256(b"\x00" + proof["leaf"].encode()).digest()
    index, last = proof["index"], proof["head"]["size"] - 1
    for beside in map(bytes.fromhex, proof["path"]):
        while index % 2 == 0 and index == last:
            index, last = index // 2, last // 2
        pair = beside + found if index % 2 else found + beside
        found = hashlib.sha256(b"\x01" + pair).digest()
        index, last = index // 2, last // 2
    return found


@pytest.mark.parametrize("number", [1, 7, 16, 20])
async def test_a_sealed_event_is_proven_to_its_timestamp(
    people: dict[str, UUID], callers: Callable[[], Caller], pki: Path, number: int
) -> None:
    caller = await callers().login("an")  # the person, without any office
    profile = people["NGUYỄN VĂN AN"]
    proof = await caller.ok(f"/profiles/{profile}/events/{number}/proof")
    assert (proof["event"]["number"], proof["chained"]["facts"]) == (number, {"n": number})
    assert f'"hash":"{proof["event"]["hash"]}"' in proof["leaf"]
    assert f'"stream_id":"{profile}"' in proof["leaf"]
    assert followed(proof).hex() == proof["head"]["root"]
    seal = proof["head"]["seal"]
    assert f'"root":"{proof["head"]["root"]}"' in seal["statement"]
    witness = witness_by(TrustList.load(pki / "trust.json"))
    token = base64.b64decode(seal["token"])
    at = await asyncio.to_thread(witness, seal["statement"].encode(), token)
    assert at is not None
    assert await asyncio.to_thread(witness, seal["statement"].encode() + b" ", token) is None


async def test_an_event_of_today_is_proven_to_the_newest_head(
    people: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    caller = await callers().login("hr.a")
    proof = await caller.ok(f"/profiles/{people['NGUYỄN VĂN AN']}/events/23/proof")
    assert (proof["head"]["size"], proof["head"]["seal"]) == (50, None)
    assert followed(proof).hex() == proof["head"]["root"]


async def test_who_may_see_the_event_may_see_its_proof_and_nobody_else(
    people: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    caller = await callers().login("hr.a")
    other = f"/profiles/{people['Đỗ Anh Dũng']}/events/3/proof"
    mine = f"/profiles/{people['NGUYỄN VĂN AN']}/events"
    assert code_of(await caller.get(other)) == (404, "not-found")
    assert code_of(await caller.get(f"{mine}/99/proof")) == (404, "not-found")
    assert code_of(await caller.get(f"{mine}/26/proof")) == (409, "not-logged-yet")
    assert code_of(await caller.get(f"{mine}/0/proof")) == (404, "not-found")


async def test_heads_and_that_the_log_only_grew(
    people: dict[str, UUID], callers: Callable[[], Caller]
) -> None:
    caller = await callers().login("an")
    heads = await caller.ok("/log/heads")
    assert [one["size"] for one in heads["items"]] == [50, 40]
    assert (heads["trouble"], heads["next"]) == (None, None)
    (sealed,) = (await caller.ok("/log/heads", sealed="true"))["items"]
    assert (sealed["size"], sealed["seal"]["exported_at"]) == (40, None)
    first = await caller.ok("/log/heads", limit=1)
    assert [
        one["size"] for one in (await caller.ok("/log/heads", limit=1, after=first["next"]))["items"]
    ] == [40]
    grown = await caller.ok("/log/growth", first=40, second=50)
    roots = [bytes.fromhex(grown[name]["root"]) for name in ("first", "second")]
    assert merkle.extends(40, roots[0], 50, roots[1], [bytes.fromhex(one) for one in grown["path"]])
    for wrong in ({"first": 41, "second": 50}, {"first": 50, "second": 40}):
        assert code_of(await caller.get("/log/growth", params=wrong)) == (404, "not-found")


async def test_a_log_that_was_damaged_proves_nothing(
    people: dict[str, UUID], callers: Callable[[], Caller], world: World
) -> None:
    caller = await callers().login("hr.a")
    url = world.database.server.url(database=world.database.name)
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        position, kept = connection.execute(
            "SELECT position, hash FROM log_leaves WHERE index = 1"
        ).fetchone()
        connection.execute("DELETE FROM log_leaves WHERE index = 1")
        connection.commit()
        try:
            path = f"/profiles/{people['NGUYỄN VĂN AN']}/events/1/proof"
            assert code_of(await caller.get(path)) == (503, "history-broken")
            answer = await caller.get("/log/growth", params={"first": 40, "second": 50})
            assert answer.status_code in (200, 503)
        finally:
            connection.execute(
                "INSERT INTO log_leaves VALUES (%s, 1, %s, %s)", [world.authority, position, kept]
            )
            connection.commit()
