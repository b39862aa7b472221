"""Reorganisations over HTTP, with the engine: previewed, drafted, approved, amended, withdrawn."""

from datetime import timedelta
from typing import Any

import pytest

from models.calendar import legal_date
from tests.api.commands.test_refusals import problem
from tests.models.record.plans import DECISION
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")
MERGE = {"op": "merge", "units": ["H26.02.01"], "into": "H26.02"}


def plan(world: World, *operations: dict[str, Any], days: int = 30) -> dict[str, Any]:
    on = legal_date(world.now) + timedelta(days)
    return {
        "title": "Sáp nhập Bảo tàng",
        "decision": DECISION,
        "effective_on": on.isoformat(),
        "operations": [*operations] or [MERGE],
    }


async def test_a_plan_goes_its_way_until_it_is_withdrawn(log_in: Any, world: World) -> None:
    profile = await world.employ(agency=world.museum, until="account")
    head, chief = await log_in("culture.head"), await log_in("department.head")
    wrong = plan(world, MERGE, {"op": "dissolve", "unit": "H77"})
    seen = (await head.post("/reorganisations/preview", json=wrong)).json()
    assert (seen["possible"], [(one["line"], one["code"]) for one in seen["faults"]]) == (
        False,
        [(2, "unknown-unit")],
    )
    refused = problem(await head.command("/reorganisations", {"plan": wrong}), 409, "plan-impossible")
    assert (refused["line"], refused["errors"][0]["path"]) == (2, "line[2]")
    seen = (await head.post("/reorganisations/preview", json=plan(world))).json()
    assert (seen["possible"], seen["people"], seen["codes_closed"]) == (True, 1, ["H26.02.01"])
    assert seen["tree_before"] != seen["tree_after"]

    made = await head.command("/reorganisations", {"plan": plan(world)})
    assert made.status_code == 201, made.text
    answer = made.json()["answer"]
    (line,) = (await chief.get("/reorganisations")).json()["items"]
    case = answer["reorganisation_id"]
    assert line["id"] == case
    assert (line["state"], line["plan_hash"]) == ("drafted", seen["plan_hash"])
    assert answer["plan_hash"] == seen["plan_hash"]
    own = await head.command(f"/reorganisations/{case}/approval", {"plan_hash": answer["plan_hash"]})
    problem(own, 403, "own-approval")
    answers = {one["code"]: "đã có phương án" for one in answer["warnings"]}
    approval = {"plan_hash": answer["plan_hash"], "answers": answers}
    done = await chief.command(f"/reorganisations/{case}/approval", approval)
    assert done.status_code == 200, done.text
    shown = (await head.get(f"/reorganisations/{case}")).json()
    assert (shown["state"], shown["plan"]["operations"][0]["line"]) == ("approved", 1)
    assert shown["inverse"]["units"][str(world.museum)]["code"] == "H26.02.01"
    kinds = [one["kind"] for one in shown["history"]]
    assert kinds == ["reorganisation.drafted", "reorganisation.approved"]
    assert (await head.get(f"/reorganisations/{case}/people")).json()["items"] == []
    assert (await head.get(f"/reorganisations/{case}/preview")).json()["people"] == 1

    amended = {"plan": plan(world, days=60), "reason": "lùi ngày hiệu lực"}
    assert (await head.command(f"/reorganisations/{case}/amendments", amended)).status_code == 200
    stop = {"reason": "không còn cần"}
    assert (await chief.command(f"/reorganisations/{case}/withdrawal", stop)).status_code == 200
    withdrawn = (await chief.get("/reorganisations?state=withdrawn")).json()["items"]
    assert [one["id"] for one in withdrawn] == [case]
    officer, health = await log_in("culture.hr"), await log_in("health.hr")
    problem(await officer.get("/reorganisations"), 403, "not-permitted")
    problem(await health.get(f"/reorganisations/{case}"), 403, "not-permitted")
    assert profile
