"""The desk of old values: found in forms, given suggestions, decided once for all, and never forgotten."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from activities.readiness.board import look_over
from models.calendar import Calendar
from models.database import Scope, engine_for
from models.record.law_of import Laws
from models.record.tools import Tools
from models.regulations import in_force
from tests.api.reading.world import NOW, TODAY, Caller, World, code_of
from tests.forms import COMPLETE


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, UUID]:
    """Two of A and one of B with a post that ended, one of them with a text no list knows, too."""
    made: dict[str, UUID] = {}

    async def write(c: Any) -> None:
        author = await world.account(c, "author", kind="personal")
        for n, (who, agency, more) in enumerate(
            (
                ("one", world.a, {}),
                ("two", world.a1, {"religion": "Công giao"}),
                ("three", world.b, {}),
            )
        ):
            number = f"0001900008{n:02}"
            profile = made[who] = await world.profile(c, f"Nguyễn Thị {who}", agency, id_number=number)
            post = {"current_position": "district_division_head", "position_appointed_on": "2020-01-01"}
            content = {**COMPLETE, **post, "citizen_id_number": number, **more}
            revision = await world.revision(c, profile, 1, "approved", content, author)
            query = text("UPDATE profiles SET approved_revision_id = :r WHERE id = :id")
            await c.execute(query, {"r": revision, "id": profile})

    asyncio.run(world.written(write))

    async def morning() -> None:
        engine = engine_for(world.database.url("worker"), pool_size=1)
        scope, tools = Scope(world.authority, everything=True), Tools(engine, world.ring)
        await look_over(tools, scope, Laws(in_force("hanoi", TODAY), Calendar.seed()), NOW, lambda: None)
        await engine.dispose()

    asyncio.run(morning())
    return made


async def test_lists_say_what_is_used_when(caller: Caller) -> None:
    await caller.login("hr.a")
    lists = {one["name"]: one for one in (await caller.ok("/code-lists"))["items"]}
    assert lists["ethnicity"]["codes"] == 54
    assert (lists["position"]["ended"], lists["position"]["status"]) == (4, "own")
    position = await caller.ok("/code-lists/position")
    entries = {one["code"]: one for one in position["entries"]}
    assert entries["district_division_head"]["valid_to"] == date(2025, 7, 1).isoformat()
    assert entries["district_division_head"]["replaced_by"] == "division_head"
    assert code_of(await caller.get("/code-lists/nothing")) == (404, "not-found")


async def test_old_values_within_reach_with_what_they_may_mean(
    caller: Caller, people: dict[str, UUID]
) -> None:
    items = (await (await caller.login("hr.a")).ok("/mapping-desk"))["items"]
    assert [(one["code_list"], one["value"], one["profiles"]) for one in items] == [
        ("position", "district_division_head", 2),
        ("religion", "Công giao", 1),
    ]
    first, second = items
    assert first["suggestions"][0]["because"] == "replaced_by"
    assert first["suggestions"][0]["code"] == "division_head"
    assert "Công giáo" in second["suggestions"][0]["label"]
    assert (await (await caller.login("sonoivu")).ok("/mapping-desk"))["items"][0]["profiles"] == 3
    await caller.login("former.hr")
    assert code_of(await caller.get("/mapping-desk")) == (403, "not-permitted")


async def test_values_above_the_readers_level_are_neither_named_nor_counted(
    caller: Caller, world: World, people: dict[str, UUID]
) -> None:
    """How many hold it is about them too: an auditor sees basic data, and of religion nothing."""
    await world.written(
        lambda c: world.account(c, "desk.auditor", role="auditor", agency_id=world.department)
    )
    items = (await (await caller.login("desk.auditor")).ok("/mapping-desk"))["items"]
    assert [(one["code_list"], one["profiles"]) for one in items] == [("position", 3)]


async def test_a_decision_is_the_departments_and_stays_in_the_audit(
    caller: Caller, world: World, people: dict[str, UUID]
) -> None:
    body = {"code_list": "religion", "value": "Công giao", "code": "catholic"}
    await caller.login("hr.a")
    assert code_of(await caller.post("/mapping-desk/decisions", json=body)) == (403, "not-permitted")
    await caller.login("sonoivu")
    wrong = await caller.post("/mapping-desk/decisions", json={**body, "code": "jedi"})
    assert code_of(wrong) == (400, "malformed-request")
    gone = {"code_list": "position", "value": "x", "code": "district_chair"}
    assert code_of(await caller.post("/mapping-desk/decisions", json=gone)) == (400, "malformed-request")
    assert code_of(await caller.post("/mapping-desk/decisions", json={**body, "code_list": "nothing"})) == (
        404,
        "not-found",
    )
    code = next(
        one["code"]
        for one in (await caller.ok("/code-lists/religion"))["entries"]
        if "Công giáo" in one["label"]
    )
    made = await caller.post("/mapping-desk/decisions", json={**body, "code": code})
    assert made.status_code == 201, made.text
    asked = await caller.post("/code-lists/religion/suggestions", json={"value": "Công giao"})
    assert asked.json()["items"][0] | {"label": ""} == {
        "code": code, "label": "", "score": 1.0, "because": "decided",
    }  # fmt: skip
    desk = (await caller.ok("/mapping-desk"))["items"]
    assert {one["value"]: one["decided"] for one in desk}["Công giao"] == code

    audit = await caller.ok("/mapping-desk/decisions", code_list="religion")
    assert [(one["code"], one["decided_by"]) for one in audit["items"]] == [
        (code, str(world.accounts["sonoivu"]))
    ]


async def test_decisions_are_added_never_changed(world: World, people: dict[str, UUID]) -> None:
    """By the grants: whoever decides otherwise adds a decision."""
    rows = await world.written(
        lambda c: c.execute(
            text(
                "SELECT has_table_privilege('hoso_api', 'code_mappings', 'UPDATE') OR"
                " has_table_privilege('hoso_api', 'code_mappings', 'DELETE') OR"
                " has_table_privilege('hoso_worker', 'code_mappings', 'UPDATE, DELETE')"
            )
        )
    )
    assert rows.scalar_one() is False


async def test_carrying_it_out_needs_a_decision_and_the_right(
    caller: Caller, people: dict[str, UUID]
) -> None:
    body = {"code_list": "position", "value": "district_division_head", "document": "5/CV"}
    headers = {"Idempotency-Key": "apply-1"}
    await caller.login("hr.a")
    first = await caller.post("/mapping-desk/applications", json=body, headers=headers)
    assert code_of(first) == (409, "wrong-state")
    await caller.login("sonoivu")
    other = await caller.post("/mapping-desk/applications", json=body, headers=headers)
    assert code_of(other) == (403, "not-permitted")


async def test_codes_are_written_in_more_than_letters(caller: Caller, people: dict[str, UUID]) -> None:
    """Ranks, blood types, general education: as their lists have them, and a code taken back, too."""
    await caller.login("sonoivu")
    for name, value, code in (
        ("blood_type", "A cộng", "A+"),
        ("rank", "Chuyên viên", "01.003"),
        ("general_education", "12 trên 12", "12/12"),
    ):
        body = {"code_list": name, "value": value, "code": code}
        made = await caller.post("/mapping-desk/decisions", json=body)
        assert (made.status_code, made.json()["code"]) == (201, code)
        asked = await caller.post(f"/code-lists/{name}/suggestions", json={"value": value})
        assert (asked.json()["items"][0]["code"], asked.json()["items"][0]["because"]) == (code, "decided")
    for wrong in ("", "A B", "Ă", "x" * 61):
        body = {"code_list": "blood_type", "value": "A cộng", "code": wrong}
        assert code_of(await caller.post("/mapping-desk/decisions", json=body)) == (400, "malformed-request")
