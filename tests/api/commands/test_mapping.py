"""A decision of the mapping desk carried out: a notice to each, the way every change of a form goes."""

from datetime import date
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text

from models.database import transaction
from models.lifecycle.readiness import Mark
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_decision_is_carried_out_by_notices(world: World, log_in: Any) -> None:
    profile = await world.employ()
    # As a list's next version would leave it: the value stands in the form and no list knows it.
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE readiness SET marks = marks & ~CAST(:bit AS integer), faults = :faults"),
            {"bit": int(Mark.CODED), "faults": Jsonb({"correct": [["unknown-code", "ethnicity"]]})},
        )
    department, hr = await log_in("department"), await log_in("culture.hr")
    decision = {"code_list": "ethnicity", "value": "01", "code": "02"}
    assert (await department.post("/mapping-desk/decisions", json=decision)).status_code == 201
    body = {"code_list": "ethnicity", "value": "01", "document": "5/CV-SNV"}
    done = await hr.command("/mapping-desk/applications", body, key="ap-dung-anh-xa-1")
    assert done.status_code == 200, done.text
    (one,) = done.json()["results"]
    assert (one["profile_id"], one["status"]) == (str(profile), 201)
    owed = (
        "SELECT facts FROM duties WHERE slot = 'update_after_change' AND state = 'open' AND profile_id = :p"
    )
    assert len(await world.rows(owed, p=profile)) == 1
    again = await hr.command("/mapping-desk/applications", body, key="ap-dung-anh-xa-1")
    assert again.json() == done.json()
    assert len(await world.rows(owed, p=profile)) == 1, "the same request asks nobody twice"
    (taken,) = (await hr.get("/mapping-desk/decisions")).json()["items"]
    assert (taken["value"], taken["code"]) == ("01", "02")
    assert date.fromisoformat(taken["decided_at"][:10]) == world.now.date()
    back = await department.post("/mapping-desk/decisions", json=decision | {"code": None})
    assert back.status_code == 201
    refused = await hr.command("/mapping-desk/applications", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")
