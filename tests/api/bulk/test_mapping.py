"""A decision of the mapping desk carried out: a bulk order of notices, as every change of a form goes."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text

from models.database import transaction
from models.lifecycle.readiness import Mark
from tests.api.bulk.conftest import codes, over
from tests.api.commands.conftest import Person
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker", "batches")
DECISION = {"code_list": "ethnicity", "value": "01", "code": "02"}
BODY = {"code_list": "ethnicity", "value": "01", "document": "5/CV-SNV"}


async def outdated(world: World) -> None:
    """As a list's next version would leave it: the value stands in the forms and no list knows it."""
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE readiness SET marks = marks & ~CAST(:bit AS integer), faults = :faults"),
            {"bit": int(Mark.CODED), "faults": Jsonb({"correct": [["unknown-code", "ethnicity"]]})},
        )


async def owed(world: World) -> dict[UUID, int]:
    """How many duties to update each person has."""
    rows = await world.rows(
        "SELECT profile_id, count(*) AS n FROM duties WHERE slot = 'update_after_change' AND state = 'open'"
        " GROUP BY 1"
    )
    return {row.profile_id: row.n for row in rows}


async def applied(hr: Person, key: str | None = None, **more: Any) -> dict[str, Any]:
    """An application carried out to its end."""
    return await over(hr, await hr.command("/mapping-desk/applications", {**BODY, **more}, key=key))


async def test_every_application_goes_on_where_the_one_before_it_ended(
    world: World, log_in: Callable[..., Any]
) -> None:
    people = sorted([await world.employ() for _ in range(3)])
    await world.employ(until="review")  # of whom no update can be owed
    await outdated(world)
    department, hr = await log_in("department"), await log_in("culture.hr")
    assert (await department.post("/mapping-desk/decisions", json=DECISION)).status_code == 201

    rehearsed = await applied(hr, dry_run=True)
    assert (rehearsed["verb"], rehearsed["dry_run"], rehearsed["done"]) == ("give_notice", True, 3)
    assert await owed(world) == {}

    first = await applied(hr, key="ap-dung-anh-xa-1", most=2)
    assert (first["total"], first["done"], first["undo"]) == (2, 2, True)
    assert await owed(world) == dict.fromkeys(people[:2], 1)
    again = await applied(hr, key="ap-dung-anh-xa-1", most=2)
    assert again == first, "the same request asks nobody twice"
    second = await applied(hr, most=2)
    assert (second["total"], second["done"]) == (1, 1), "the third, whom the first did not reach"
    assert await owed(world) == dict.fromkeys(people, 1)
    assert (await applied(hr))["total"] == 0, "everybody owes it already"

    late = await over(hr, await hr.command(f"/bulk/{rehearsed['id']}/runs"))
    assert await codes(hr, late) == ["wrong-state"] * 3, "rehearsed before the others were told"
    assert await owed(world) == dict.fromkeys(people, 1)

    (taken,) = (await hr.get("/mapping-desk/decisions")).json()["items"]
    assert (taken["value"], taken["code"]) == ("01", "02")
    assert date.fromisoformat(taken["decided_at"][:10]) == world.now.date()
    row = await world.one("SELECT id FROM code_mappings")
    (duty, *_) = await world.rows("SELECT facts FROM duties WHERE slot = 'update_after_change'")
    assert (duty.facts["mapping"], duty.facts["paths"]) == (str(row.id), ["ethnicity"])

    undone = await over(hr, await hr.command(f"/bulk/{first['id']}/undo", {"reason": "nhầm danh mục"}))
    assert (undone["verb"], undone["done"]) == ("withdraw_notice", 2)
    assert await owed(world) == {people[2]: 1}
    assert (await applied(hr))["done"] == 2, "whom it was taken back from can be asked again"
    assert await owed(world) == dict.fromkeys(people, 1)

    back = await department.post("/mapping-desk/decisions", json=DECISION | {"code": None})
    assert back.status_code == 201
    refused = await hr.command("/mapping-desk/applications", BODY)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")
