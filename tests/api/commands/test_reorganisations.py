"""Reorganisations over HTTP, with the engine: previewed, drafted, approved, amended, withdrawn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.national.office import NationalOffice
from activities.reorganising.office import ReorganisingOffice
from models.calendar import legal_date
from models.command_tree import CreateAgency
from models.identifiers import batch_queue, reorganisation_workflow
from tests.api.commands.test_refusals import problem
from tests.models.record.plans import DECISION
from tests.world import World
from workflows.connection import data_converter

pytestmark = pytest.mark.usefixtures("worker", "batches")
MERGE = {"op": "merge", "units": ["H26.02.01"], "into": "H26.02"}


@pytest.fixture
async def batches(world: World, app: Any, temporal_server: Any) -> AsyncIterator[None]:
    """Who moves the people, on the batches' queue."""
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    queue = batch_queue(app.state.settings.task_queue)
    async with Worker(client, task_queue=queue, activities=[ReorganisingOffice(world.tools).move_people]):
        yield


@pytest.fixture
def others(world: World, app: Any) -> list[Callable[..., Any]]:
    """Who tells the national database of the tree; here none is known."""
    return [NationalOffice(app.state.settings, world.tools, None).tell_tree]


def plan(world: World, *operations: dict[str, Any], days: int = 30) -> dict[str, Any]:
    on = legal_date(world.now) + timedelta(days)
    return {
        "title": "Sáp nhập Bảo tàng",
        "decision": DECISION,
        "effective_on": on.isoformat(),
        "operations": [*operations] or [MERGE],
    }


async def test_a_plan_goes_its_way_until_it_is_withdrawn(log_in: Any, world: World, app: Any) -> None:
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
    await _one_by_one(head, await log_in("admin"), answer["reorganisation_id"], world, profile)
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
    (back,) = shown["gives_back"]
    assert (back["agency_id"], back["what"]) == (str(world.museum), "resumes")
    assert back["fields"]["code"] == "H26.02.01"
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
    await _on_its_day(app, head, chief, world, profile)


async def _one_by_one(head: Any, admin: Any, case: str, world: World, profile: UUID) -> None:
    """Behind each number of a preview stand its rows; a name only for who may read the file."""
    path = f"/reorganisations/{case}/preview"
    seen = (await head.get(path)).json()
    numbers = {
        "people": "people",
        "unplaced": "unplaced",
        "duties": "open_duties",
        "approvals": "approvals",
        "transfers": "transfers",
        "delegations": "delegations",
        "accounts": "accounts",
    }
    for what, number in numbers.items():
        lines = (await head.get(f"{path}/{what}")).json()["items"]
        assert len(lines) == seen[number], what
    assert seen["open_duties"] > 0
    (person,) = (await head.get(f"{path}/people")).json()["items"]
    assert (person["profile_id"], person["full_name"]) == (str(profile), "Nguyễn Thị Thử")
    assert (person["agency_id"], person["to_agency_id"]) == (str(world.museum), str(world.culture))
    (unnamed,) = (await admin.get(f"{path}/people")).json()["items"]
    assert (unnamed["id"], unnamed["full_name"]) == (str(profile), None)
    problem(await head.get(f"{path}/people?after=x"), 400, "malformed-request")
    await _not_placed(head, world)


async def _not_placed(head: Any, world: World) -> None:
    """Whoever comes after a plan was written is named, not only counted."""
    library = CreateAgency(
        parent_id=world.culture,
        code="H26.02.09",
        name="Thư viện",
        effective_on=legal_date(world.now),
        document="2/QĐ",
    )
    made = await world.ask("department", library, world.authority, subject="administration")
    assert made.status == 201, made.answer
    unit = UUID(made.answer["agency_id"])
    placed = [await world.employ(agency=unit, until="account") for _ in range(2)]
    place = {"op": "place", "unit": "H26.02.09", "to": "H26.02", "people": [str(one) for one in placed]}
    given = plan(world, {"op": "dissolve", "unit": "H26.02.09"}, place)
    drafted = await head.command("/reorganisations", {"plan": given})
    assert drafted.status_code == 201, drafted.text
    path = f"/reorganisations/{drafted.json()['answer']['reorganisation_id']}/preview"
    newcomer = await world.employ(agency=unit, until="account")
    faults = (await head.get(path)).json()["faults"]
    assert [(one["code"], one["count"]) for one in faults] == [("people-not-placed", 1)]
    (left,) = (await head.get(f"{path}/unplaced")).json()["items"]
    assert (left["id"], left["to_agency_id"]) == (str(newcomer), str(world.culture))
    first = (await head.get(f"{path}/people?limit=2")).json()
    second = (await head.get(f"{path}/people?limit=2&after={first['next']}")).json()
    found = {one["id"] for one in (*first["items"], *second["items"])}
    assert (found, second["next"]) == ({str(one) for one in (*placed, newcomer)}, None)


def _is_told(event: Any) -> bool:
    return str(event.activity_task_scheduled_event_attributes.activity_type.name) == "tell_tree"


async def _on_its_day(app: Any, head: Any, chief: Any, world: World, profile: UUID) -> None:
    """Approved on its day it is carried out at once, by the engine and its batches."""
    read = await head.post("/reorganisations/plan-files", files={"file": ("p.yaml", YAML.encode())})
    assert read.status_code == 200, read.text
    given = {**plan(world, days=0), "operations": read.json()["operations"]}
    made = (await head.command("/reorganisations", {"plan": given})).json()["answer"]
    answers = {one["code"]: "đã có phương án" for one in made["warnings"]}
    approval = {"plan_hash": made["plan_hash"], "answers": answers}
    case = made["reorganisation_id"]
    done = await chief.command(f"/reorganisations/{case}/approval", approval)
    assert done.status_code == 200, done.text
    for _ in range(80):
        shown = (await head.get(f"/reorganisations/{case}")).json()
        if shown["state"] == "done":
            break
        await asyncio.sleep(0.25)
    assert (shown["state"], shown["moved"], shown["waiting"]) == ("done", 1, 0)
    assert shown["codes_closed"] == ["H26.02.01"]
    (person,) = (await head.get(f"/reorganisations/{case}/people")).json()["items"]
    assert (person["profile_id"], person["state"]) == (str(profile), "moved")
    # Over once the national database was told of the tree.
    handle = app.state.temporal.get_workflow_handle(reorganisation_workflow(UUID(case)))
    async with asyncio.timeout(20):
        await handle.result()
    told = [one async for one in handle.fetch_history_events() if _is_told(one)]
    assert len(told) == 1
    # What takes it back is given as lines: with a decision and a day it is a plan.
    later = {name: plan(world, days=1)[name] for name in ("decision", "effective_on")}
    inverse = await head.command("/reorganisations", {"plan": {**shown["inverse"], **later}})
    assert inverse.status_code == 201, inverse.text
    seen = (await head.get(f"/reorganisations/{inverse.json()['answer']['reorganisation_id']}")).json()
    assert seen["plan"]["operations"] == [{"op": "restore", "line": 1, "of": case}]
    assert [(one["agency_id"], one["what"]) for one in seen["gives_back"]] == [(str(world.museum), "ends")]
    assert seen["inverse"]["operations"][0]["of"] == seen["id"]
    held = await world.one("SELECT agency_id FROM profiles WHERE id = :p", p=profile)
    assert held.agency_id == world.culture
    problem(
        await chief.command(f"/reorganisations/{case}/withdrawal", {"reason": "quá muộn"}), 409, "wrong-state"
    )
    bad = await head.post("/reorganisations/plan-files", files={"file": ("p.yaml", b"title: [")})
    assert problem(bad, 422, "plan-unreadable")["line"] == 1


YAML = """\
title: Sáp nhập Bảo tàng
decision: {number: 12/QĐ-UBND, signed_on: 2025-12-01, issuer: UBND Thành phố Hà Nội}
effective_on: 2026-01-01
operations:
  - {op: merge, units: [H26.02.01], into: H26.02}
"""
