"""What is asked before a plan stands: whoever gives and takes, other plans, whose law, who signs below."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from models.command_reorganisation import DraftReorganisation
from models.record.commands import Fate
from tests.models.record.plans import MERGE, approve, do, drafted, given, plan, previewed, unit
from tests.models.record.test_reorganised_day import carried_out
from tests.world import World

AWAY = {"op": "merge", "units": ["H26.02.01"], "into": "H26.03"}
"""The museum of culture into health."""
OTHER_LAW = {"op": "move_authority", "unit": "H26.02.01", "regulation": "binh_dinh"}
PLACE = {"op": "place", "unit": "H26.02.01", "to": "H26.03"}


async def draft(world: World, who: str, *operations: dict[str, Any], days: int = 10) -> Fate:
    return await do(world, who, DraftReorganisation(plan=plan(world, *operations, days=days)), uuid4())


async def refused(world: World, *operations: dict[str, Any], days: int = 10) -> tuple[int, str, str | None]:
    """The line, the fault and the unit it names."""
    answer = (await draft(world, "department", *operations, days=days)).answer
    assert answer["code"] == "plan-impossible", answer
    return answer["extra"]["line"], answer["extra"]["fault"], answer["extra"]["unit"]


async def test_whoever_takes_people_over_is_asked_like_whoever_gives_them(world: World) -> None:
    for line in (AWAY, PLACE):
        for who in ("culture.hr_head", "culture.head"):
            assert (await draft(world, who, line)).answer["code"] == "not-permitted", (who, line)
        case = await drafted(world, line)
        assert (await approve(world, case, "culture.head")).status == 403
    assert (await draft(world, "culture.hr_head", MERGE)).status == 201, "into the own agency"
    assert (await draft(world, "culture.head", {**PLACE, "to": "H26.02"})).status == 201
    # With the right on both sides one decides alone.
    await given(world, "culture.head", "head", world.health)
    assert (await draft(world, "culture.head", PLACE)).status == 201


async def test_what_the_department_decided_only_it_takes_back_and_an_agency_its_own(world: World) -> None:
    await unit(world, world.culture, "H26.02.02")
    own = await drafted(world, {**MERGE, "units": ["H26.02.02"]}, days=1)
    await carried_out(world, own)
    assert (await draft(world, "culture.head", {"op": "restore", "of": str(own)})).status == 201
    merged = await drafted(world, AWAY, days=1)
    await carried_out(world, merged)
    law = await drafted(world, {**OTHER_LAW, "unit": "H26.02"}, days=1)
    await carried_out(world, law)
    for case in (merged, law):
        restore = {"op": "restore", "of": str(case)}
        done = await draft(world, "culture.head", restore)
        assert (done.status, done.answer["code"]) == (403, "not-permitted")
        back = await drafted(world, restore)
        assert (await approve(world, back, "culture.head")).status == 403
        assert (await approve(world, back)).status == 200


async def test_a_unit_that_gives_people_is_held_by_its_plan(world: World) -> None:
    await world.employ(agency=world.museum, until="account")
    case = await drafted(world, PLACE)
    row = await world.one("SELECT units, agency_id FROM reorganisations WHERE id = :c", c=case)
    assert set(row.units) == {world.museum, world.health}
    seen = await previewed(world, PLACE)
    assert {(one.code, one.what, one.people) for one in seen.units} == {
        ("H26.02.01", "gives", 1),
        ("H26.03", "receives", 0),
    }
    other = await drafted(world, MERGE)
    assert (await approve(world, case)).status == 200
    answer = (await approve(world, other)).answer
    assert (answer["code"], answer["extra"]["fault"]) == ("plan-impossible", "unit-in-another-plan")
    assert await refused(world, {**MERGE, "line": 8}) == (8, "unit-in-another-plan", "H26.02.01")


async def test_whoever_comes_under_another_law_is_counted_by_any_way(world: World) -> None:
    museum = [await world.employ(agency=world.museum, until="account") for _ in range(2)]
    await world.employ(until="account")

    async def other_law(*operations: dict[str, Any]) -> int:
        seen = await previewed(world, *operations)
        warned = {one.code: one.count for one in seen.warnings}
        assert warned.get("law-changes", 0) == seen.other_law
        return seen.other_law

    assert await other_law(OTHER_LAW) == 2
    assert await other_law({**OTHER_LAW, "regulation": "hanoi"}) == 0
    case = await drafted(world, OTHER_LAW, days=1)
    await carried_out(world, case)
    assert await other_law({**OTHER_LAW, "regulation": "hanoi"}) == 2, "back to the own law"
    assert await other_law({"op": "restore", "of": str(case)}) == 2
    assert await other_law({"op": "reparent", "unit": "H26.02.01", "under": "H26.03"}) == 0, (
        "it takes it along"
    )
    assert await other_law({"op": "reparent", "unit": "H26.03", "under": "H26.02.01"}) == 0, "nobody is there"
    assert await other_law({**PLACE, "people": [str(museum[0])]}) == 1
    assert await other_law(MERGE) == 2
    assert await other_law({"op": "place", "unit": "H26.02", "to": "H26.02.01"}) == 1


async def test_a_regulation_is_neither_put_before_a_later_one_nor_taken_back_under_it(world: World) -> None:
    first = await drafted(world, OTHER_LAW, days=1)
    await carried_out(world, first)
    world.now += timedelta(days=5)
    earlier = {**OTHER_LAW, "regulation": "moha", "line": 6}
    assert await refused(world, earlier, days=-6) == (6, "regime-later", "H26.02.01")
    assert (await draft(world, "department", earlier, days=-5)).status == 201, "from its day on"

    await carried_out(world, await drafted(world, {**OTHER_LAW, "regulation": "moha"}, days=1))
    assert await refused(world, {"op": "restore", "of": str(first)}) == (1, "changed-since", "H26.02.01")


async def test_units_below_lose_who_approves_and_their_steps_are_left_to_people(world: World) -> None:
    store = await unit(world, world.museum, "H26.02.01.01")
    await world.employ(agency=store, until="review")
    reparent = {"op": "reparent", "unit": "H26.02.01", "under": "H26.01"}
    assert (await previewed(world, reparent)).approvers_lost == ("H26.02.01.01",)
    assert (await previewed(world, {**reparent, "under": "H26.03"})).approvers_lost == ()
    renamed = {"op": "rename", "unit": "H26.02.01", "name": "Bảo tàng mới"}
    assert (await previewed(world, renamed)).approvers_lost == ()
    case = await drafted(world, reparent, days=1)
    await carried_out(world, case)
    owed = await world.rows(
        "SELECT facts ->> 'residue' AS what, facts ->> 'agency' AS agency FROM duties"
        " WHERE case_id = :c AND state = 'open'",
        c=case,
    )
    assert [tuple(one) for one in owed] == [("signer", str(store))]


async def test_who_leaves_takes_no_right_to_approve_along(world: World) -> None:
    """The only one who approves in a unit goes elsewhere: people stay whom nobody approves any more."""
    store = await unit(world, world.department, "H26.01.01")
    await given(world, "culture.hr", "hr_officer", store)
    gone = await world.employ(agency=store, until="declaration")
    await given(world, "person", "approver", store)
    stays = await world.employ(agency=store, until="account")
    ends = "UPDATE grants SET valid_to = valid_from WHERE role = 'hr_officer' AND agency_id = :s RETURNING 1"
    await world.rows(ends, s=store)
    move = {"op": "place", "unit": "H26.01.01", "to": "H26.02", "people": [str(gone)]}
    assert (await previewed(world, move)).approvers_lost == ("H26.01.01",)
    other = {**move, "people": [str(stays)]}
    assert (await previewed(world, other)).approvers_lost == ()
