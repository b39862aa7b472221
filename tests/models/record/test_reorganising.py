"""Acts on a reorganisation and the two halves of its day, on the real database."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.calendar import legal_date, start_of_day
from models.command_reorganisation import (
    AmendReorganisation,
    ApproveReorganisation,
    DraftReorganisation,
    WithdrawReorganisation,
)
from models.command_tree import CreateAgency
from models.database import Scope, transaction
from models.lifecycle.reorganisation import unit_id
from models.record.commands import Fate
from models.record.reorganisation_rows import heirs, judge_plan, reorganised
from models.record.touched import touched
from models.record.tree import lines_apart, load_tree
from tests.models.record.plans import MERGE, approve, ask, do, drafted, plan
from tests.world import World


def code(fate: Fate) -> tuple[int | None, str]:
    return fate.status, (fate.answer or {}).get("code", "")


async def row(world: World, case: UUID) -> Any:
    return await world.one("SELECT * FROM reorganisations WHERE id = :id", id=case)


async def tree_of(world: World) -> Any:
    async with transaction(world.tools.engine, world.scope) as connection:
        assert not await lines_apart(connection)
        return await load_tree(connection)


@pytest.mark.rule("hanoi.art21.2.b")
async def test_a_plan_is_drafted_approved_and_waits_for_its_day(world: World) -> None:
    before = await tree_of(world)
    case = await drafted(world, who="culture.hr_head")
    kept = await row(world, case)
    assert (kept.state, kept.agency_id, kept.citation) == (
        "drafted",
        world.culture,
        "Quy chế kèm QĐ 6187/QĐ-UBND, Điều 21.2",
    )
    assert set(kept.units) == {world.museum, world.culture}
    assert kept.plan["operations"][0]["line"] == 1
    on = legal_date(world.now) + timedelta(10)
    assert kept.former_digest == before.digest(on)
    assert (await approve(world, case)).status == 200
    kept = await row(world, case)
    assert (kept.state, kept.next_wake_at) == ("approved", start_of_day(on))
    assert (await ask(world, case, "wake")).chapter == "approved"  # not before its day
    assert (await tree_of(world)).on(on) == before.on(on)
    kinds = await world.rows("SELECT kind FROM events WHERE stream_id = :c ORDER BY number", c=case)
    assert [one.kind for one in kinds] == ["reorganisation.drafted", "reorganisation.approved"]
    told = await world.one("SELECT role, agency_id FROM notices WHERE kind = 'reorganisation_to_approve'")
    assert (told.role, told.agency_id) == ("department_head", world.department)


async def test_who_plans_and_who_approves(world: World) -> None:
    case = uuid4()
    for who in ("culture.hr", "health.approver", "department.head"):
        done = await do(world, who, DraftReorganisation(plan=plan(world)), case)
        assert code(done) == (403, "not-permitted"), who
    elsewhere = plan(world, {"op": "rename", "unit": "H26.03", "name": "Sở Sức khoẻ"})
    assert code(await do(world, "culture.head", DraftReorganisation(plan=elsewhere), uuid4()))[0] == 403
    law = plan(world, {"op": "move_authority", "unit": "H26.02.01", "regulation": "binh_dinh"})
    assert code(await do(world, "culture.head", DraftReorganisation(plan=law), uuid4()))[0] == 403
    case = await drafted(world, who="culture.head")
    assert code(await approve(world, case, "culture.head")) == (403, "own-approval")
    assert code(await approve(world, case, "department")) == (403, "not-permitted")
    body = AmendReorganisation(plan=plan(world, days=20), reason="lùi ngày")
    assert (await do(world, "department", body, case)).status == 200
    # Whoever wrote a former version of it is one of its authors, too.
    assert code(await approve(world, case, "culture.head")) == (403, "own-approval")
    assert code(await do(world, "department", body, case)) == (409, "nothing-changes")
    assert (await approve(world, case)).status == 200


async def test_what_cannot_be_is_refused_with_its_line(world: World) -> None:
    async def refused(*operations: dict[str, Any], days: int = 10) -> dict[str, Any]:
        body = DraftReorganisation(plan=plan(world, *operations, days=days))
        answer = (await do(world, "department", body, uuid4())).answer
        assert answer["code"] == "plan-impossible"
        return {**answer["extra"], "errors": [one["path"] for one in answer["errors"]]}

    one = await world.employ(agency=world.museum, until="account")
    gone = {"op": "dissolve", "unit": "H26.02.01", "line": 12}
    found = await refused(
        MERGE, {"op": "rename", "unit": "H99", "name": "x"}, {"op": "dissolve", "unit": "H98"}
    )
    assert (found["line"], found["fault"], found["errors"]) == (2, "unknown-unit", ["line[2]", "line[3]"])
    found = await refused(gone)
    assert (found["line"], found["fault"]) == (12, "people-not-placed")
    place = {"op": "place", "unit": "H26.02.01", "to": "H26.03"}
    assert (await refused(gone, {**place, "people": [str(uuid4())]}))["fault"] == "unknown-person"
    assert (await refused({**place, "unit": "H26.03", "to": "H26.02", "people": [str(one)]}))[
        "fault"
    ] == "person-elsewhere"
    law = {"op": "move_authority", "unit": "H26.02", "regulation": "atlantis"}
    assert (await refused(law))["fault"] == "unknown-regulation"
    first = await drafted(world)
    assert (await approve(world, first)).status == 200
    assert (await refused({"op": "rename", "unit": "H26.02", "name": "Khác"}))[
        "fault"
    ] == "unit-in-another-plan"
    await world.rows(
        "INSERT INTO month_ends (authority_id, month, state, opens_on, nominal_end, rolled_end, closed_at)"
        " VALUES (:a, '2025-12', 'closed', '2025-12-27', '2025-12-31', '2025-12-31', :now) RETURNING 1",
        a=world.authority,
        now=world.now,
    )
    on = (legal_date(world.now) - legal_date(world.now).replace(year=2025, month=12, day=30)).days
    found = await refused(MERGE, days=-on)
    assert (found["line"], found["fault"]) == (1, "month-closed")


async def test_approval_is_of_what_was_read_with_each_warning_answered(world: World) -> None:
    profile = await world.employ(agency=world.museum, until="review")
    case = await drafted(world, {"op": "consolidate", "units": ["H26.02.01", "H26.03"], "into": NEW})
    kept = await row(world, case)
    codes = [one["code"] for one in kept.warnings]
    assert {"approvals-in-flight", "sync-agents-lost", "units-without-head"} <= set(codes)
    bare = ApproveReorganisation(plan_hash=kept.plan_hash, answers={})
    done = await do(world, "department.head", bare, case)
    assert code(done) == (409, "warnings-unanswered")
    assert [one["path"] for one in done.answer["errors"]] == [f"answers.{one}" for one in codes]
    other = ApproveReorganisation(plan_hash="0" * 64, answers=dict.fromkeys(codes, "đã xử lý"))
    assert code(await do(world, "department.head", other, case)) == (409, "plan-changed")
    assert (await approve(world, case)).status == 200
    assert set((await row(world, case)).answers) == set(codes)
    assert profile


async def test_withdrawn_or_amended_before_its_day_it_is_not_done(world: World) -> None:
    case = await drafted(world)
    assert (await approve(world, case)).status == 200
    body = AmendReorganisation(plan=plan(world, days=20), reason="lùi ngày hiệu lực")
    assert (await do(world, "department", body, case)).status == 200
    kept = await row(world, case)
    assert (kept.state, kept.approver_id, kept.next_wake_at) == ("drafted", None, None)
    stop = WithdrawReorganisation(reason="không còn cần")
    assert (await do(world, "department", stop, case)).status == 200
    assert code(await do(world, "department", stop, case)) == (409, "wrong-state")
    assert code(await approve(world, case)) == (409, "wrong-state")
    assert code(await do(world, "department", stop, uuid4())) == (404, "not-found")


NEW = {"code": "H26.04", "name": "Sở Văn hoá và Y tế", "has_account": True}


async def test_on_its_day_everything_stands_until_everybody_has_moved(world: World) -> None:
    people = [await world.employ(agency=world.museum, until="account") for _ in range(2)]
    parts = {
        "op": "divide",
        "unit": "H26.02.01",
        "into": [{**NEW, "code": "H26.02.01"}, {**NEW, "code": "H26.05"}],
    }
    case = await drafted(
        world,
        parts,
        {"op": "place", "unit": "H26.02.01", "to": "H26.05", "people": [str(people[0])]},
        {"op": "place", "unit": "H26.02.01", "to": "H26.02.01"},
    )
    assert (await approve(world, case)).status == 200
    late = await world.employ(agency=world.museum, until="account")
    world.now += timedelta(days=10)
    moment = await ask(world, case, "wake")
    assert (moment.chapter, moment.left) == ("executing", 3)
    again = await ask(world, case, "wake")
    assert (again.version, again.left) == (moment.version, 3)
    on = legal_date(world.now)
    tree = await tree_of(world)
    first, second = unit_id(case, "H26.02.01"), unit_id(case, "H26.05")
    assert tree.on(on)[world.museum].code == "H26.02.01"
    assert tree.on(on)[first].code == "H26.02.01.T1"
    items = await world.rows(
        "SELECT profile_id, from_agency_id, to_agency_id, placed, position FROM reorganisation_items"
        " WHERE reorganisation_id = :c ORDER BY position",
        c=case,
    )
    went = {one.profile_id: one.to_agency_id for one in items}
    assert went == {people[0]: second, people[1]: first, late: first}
    assert [one.position for one in items] == [1, 2, 3]
    assert (await ask(world, case, "finish_reorganisation")).left == 3
    stop = WithdrawReorganisation(reason="quá muộn")
    assert code(await do(world, "department", stop, case)) == (409, "wrong-state")
    async with transaction(world.tools.engine, world.scope) as connection:
        assert (await reorganised(connection, case)).ended == (world.museum,)
        assert await heirs(connection, case) == {world.museum: first}


async def test_an_empty_unit_ends_on_its_day_and_stands_again_when_that_is_taken_back(world: World) -> None:
    before = await tree_of(world)
    case = await drafted(world, days=1)
    assert (await approve(world, case)).status == 200
    world.now += timedelta(days=1)
    on = legal_date(world.now)
    assert (await ask(world, case, "wake")).left == 0
    child = CreateAgency(
        parent_id=world.museum, code="H26.02.01.01", name="Kho", effective_on=on, document="3"
    )
    made = await world.ask("department", child, world.authority, subject="administration")
    assert made.status == 201, made.answer
    assert (await ask(world, case, "finish_reorganisation")).chapter == "done"
    tree = await tree_of(world)
    assert tree.state(world.museum, on) is None
    # A unit put below it after the day had begun goes to its heir.
    assert tree.on(on)[UUID(made.answer["agency_id"])].parent_id == world.culture
    kept = await row(world, case)
    assert (kept.after_digest, kept.former_digest) == (tree.digest(on), before.digest(on))
    changes = await world.rows("SELECT operation FROM agency_changes WHERE case_id = :c", c=case)
    assert sorted(one.operation for one in changes) == ["end", "reparent", "succeed"]
    link = await world.one("SELECT kind FROM agency_links WHERE predecessor_id = :m", m=world.museum)
    assert link.kind == "merged"
    back = await drafted(world, {"op": "restore", "of": str(case)}, days=0)
    assert (await approve(world, back)).status == 200
    assert (await ask(world, back, "wake")).chapter == "executing"
    assert (await ask(world, back, "finish_reorganisation")).chapter == "done"
    assert (await tree_of(world)).on(on)[world.museum] == before.on(on)[world.museum]
    again = DraftReorganisation(plan=plan(world, {"op": "restore", "of": str(case)}, days=2))
    refused = await do(world, "department", again, uuid4())
    assert refused.answer["extra"]["fault"] == "restored-already"


async def test_a_day_the_tree_does_not_bear_is_tried_again(world: World) -> None:
    case = await drafted(world, {"op": "recode", "unit": "H26.03", "code": "H26.09"}, days=1)
    assert (await approve(world, case)).status == 200
    world.now += timedelta(days=1)
    taken = CreateAgency(
        parent_id=world.culture, code="H26.09", name="Khác", effective_on=legal_date(world.now), document="3"
    )
    await world.ask("department", taken, world.authority, subject="administration")
    moment = await ask(world, case, "wake")
    kept = await row(world, case)
    assert (moment.chapter, kept.trouble) == ("approved", "code-taken")
    assert kept.next_wake_at == world.now + timedelta(hours=1)
    world.now += timedelta(hours=1)
    await ask(world, case, "wake")
    stuck = await world.rows("SELECT 1 FROM events WHERE stream_id = :c AND kind LIKE '%stuck'", c=case)
    assert len(stuck) == 1  # said once, however often it is tried
    told = await world.rows("SELECT account_id, facts FROM notices WHERE kind = 'reorganisation_stuck'")
    heard = {world.accounts["department"], world.accounts["department.head"]}
    assert ({one.account_id for one in told}, len(told)) == (heard, 2), (
        "who wrote it and who approved it, once"
    )
    assert told[0].facts == {"reorganisation": str(case), "code": "code-taken", "line": 1}


async def test_which_regulation_binds_a_subtree_is_written_down_from_the_day(world: World) -> None:
    move = {"op": "move_authority", "unit": "H26.03", "regulation": "hanoi", "under": "H26.02"}
    case = await drafted(world, move, days=1)
    assert (await approve(world, case)).status == 200
    world.now += timedelta(days=1)
    await ask(world, case, "wake")
    assert (await ask(world, case, "finish_reorganisation")).chapter == "done"
    found = await world.one("SELECT * FROM agency_regimes WHERE agency_id = :h", h=world.health)
    assert (found.regulation, found.valid_from, found.valid_to) == ("hanoi", legal_date(world.now), None)
    back = await drafted(world, {"op": "restore", "of": str(case)}, days=0)
    assert (await approve(world, back)).status == 200
    await ask(world, back, "wake")
    found = await world.one("SELECT * FROM agency_regimes WHERE agency_id = :h", h=world.health)
    assert found.valid_to == found.valid_from  # it never bound


async def test_a_preview_counts_what_a_count_by_hand_finds(world: World) -> None:
    waiting = await world.employ(agency=world.museum, until="review")
    await world.employ(agency=world.museum, until="account")
    await world.employ(until="account")
    wanted = plan(world, {"op": "merge", "units": ["H26.02.01"], "into": "H26.03"})
    everything = Scope(world.authority, everything=True)
    async with transaction(world.tools.engine, everything) as connection:
        judged = await judge_plan(connection, world.tools.shelf, wanted, uuid4(), await load_tree(connection))
        found = await touched(connection, judged, legal_date(world.now))
    people = await world.rows("SELECT id, account_id FROM profiles WHERE agency_id = :m", m=world.museum)
    duties = await world.rows("SELECT profile_id, agency_id FROM duties WHERE state = 'open'")
    ids = {one.id for one in people}
    by_hand = [
        one
        for one in duties
        if one.profile_id in ids or (not one.profile_id and one.agency_id == world.museum)
    ]
    assert found.people == len(people) == 2
    assert found.open_duties == len(by_hand) > 0
    assert found.approvals == len({waiting})
    assert found.accounts == sum(one.account_id is not None for one in people)
    assert (found.codes_closed, found.sync_agents) == (("H26.02.01",), ())
    assert {(one.code, one.what, one.people) for one in found.units} == {
        ("H26.02.01", "ends", 2),
        ("H26.03", "receives", 0),
    }
    # Nobody heads the health department; its approver's line is its own.
    assert (found.approvers_lost, found.without_head) == ((), ())
