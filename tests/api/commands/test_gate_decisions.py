"""The department judges items of several lists at once: each is answered, over the API and the engine."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from models.calendar import legal_date
from models.database import transaction
from tests.activities.batches.conftest import items_of, submitted
from tests.world import World

_LIST = text(
    "INSERT INTO agency_months (id, authority_id, agency_id, month, state, gate, opens_on, nominal_end,"
    " rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:id, :authority, :agency, :month,"
    " 'gate', 'after', :day, :day, :day, :closes, 1, :n, :now, '{}')"
)
_ITEM = text(
    "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
    " changed_at)"
    " SELECT :id, id, authority_id, pending_revision_id, repeat('0', 64), 'accepted', :now FROM profiles"
    " WHERE id = :profile"
)


async def at_gate(world: World, agency: UUID, people: list[UUID]) -> UUID:
    """A list whose items the national database has accepted."""
    month, day = uuid4(), legal_date(world.now)
    values = {"id": month, "authority": world.authority, "agency": agency, "now": world.now, "day": day}
    values |= {"month": f"{day:%Y-%m}", "n": len(people), "closes": world.now + timedelta(days=9)}
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(_LIST, values)
        for profile in people:
            await connection.execute(_ITEM, {"id": month, "profile": profile, "now": world.now})
    return month


async def decided(officer: Any, body: Any) -> Any:
    """The answer once every act is decided: on a busy machine some are told as accepted first (202)."""
    async with asyncio.timeout(50):
        while True:
            answer = await officer.command("/gate/decisions", body, key="gate-1")
            assert answer.status_code == 200, answer.text
            if "accepted" not in {one["outcome"] for one in answer.json()["results"]}:
                return answer


async def test_many_items_of_many_lists_are_judged_at_once_and_each_is_answered(
    world: World, worker: None, log_in: Callable[..., Any]
) -> None:
    people = [await submitted(world, n, world.museum if n < 3 else world.health) for n in range(4)]
    culture, health = (
        await at_gate(world, world.culture, people[:3]),
        await at_gate(world, world.health, people[3:]),
    )

    def one(month: UUID, profile: UUID, **more: str) -> dict[str, str]:
        return {"agency_month_id": str(month), "profile_id": str(profile), **more}

    officer = await log_in("department")
    stranger, nowhere = uuid4(), uuid4()
    body = {
        "decisions": [
            one(culture, people[0]),
            one(culture, people[1], reason="Thiếu quyết định nâng lương"),
            one(culture, stranger),
            one(health, people[3]),
            one(nowhere, people[3]),
        ]
    }
    answer = await decided(officer, body)
    said = [(r["outcome"], r["status"], r["code"]) for r in answer.json()["results"]]
    assert said == [
        ("released", 200, None),
        ("sent_back", 200, None),
        ("left", 409, "wrong-state"),
        ("released", 200, None),
        ("left", 404, "not-found"),
    ]
    items = await items_of(world, culture)
    assert [items[p].state for p in people[:3]] == ["released", "sent_back", "accepted"]
    assert items[people[1]].reason == "Thiếu quyết định nâng lương"
    states = {r.id: r.state for r in await world.rows("SELECT id, state FROM agency_months")}
    assert states[culture] == "gate", "what is not judged goes on waiting"
    assert states[health] != "gate"
    before = await world.one(
        "SELECT count(*) AS n FROM events WHERE kind IN ('month.released', 'month.sent_back')"
    )
    again = await officer.command("/gate/decisions", body, key="gate-1")
    assert again.json() == answer.json(), "the same request, the same answers"
    after = await world.one(
        "SELECT count(*) AS n FROM events WHERE kind IN ('month.released', 'month.sent_back')"
    )
    assert after.n == before.n == 3
    hr = await log_in("culture.hr")
    refused = await hr.command("/gate/decisions", {"decisions": [one(culture, people[2])]})
    assert [(r["outcome"], r["code"]) for r in refused.json()["results"]] == [("left", "not-permitted")]
    assert (await items_of(world, culture))[people[2]].state == "accepted"
