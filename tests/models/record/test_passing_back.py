"""What was a unit's own goes back when the plan that passed it on is taken back; what cannot is counted."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from models.calendar import legal_date
from models.command_tree import SetQuota
from models.commands import GiveNotice
from models.lifecycle.reorganisation import unit_id
from tests.models.record.plans import drafted, given, previewed
from tests.models.record.test_moving import held
from tests.models.record.test_passing_on import breach, reports, seconded
from tests.models.record.test_reorganised_day import carried_out, rights, seen
from tests.world import World

AWAY = {"op": "merge", "units": ["H26.02"], "into": "H26.03"}
_LENT = (
    "INSERT INTO delegations (id, authority_id, delegator_id, delegate_id, what, agency_id, role, parties,"
    " valid_from, valid_to, document, state, warned, rule_set_hash, version, created_at) VALUES (:id, :a,"
    " :giver, :taker, 'approval', :g, 'head', ARRAY[CAST(:giver AS uuid)], '2025-11-01', '2026-06-01',"
    " '7/UQ', 'granted', false, '', 1, :now) RETURNING id"
)


def back(case: UUID) -> dict[str, Any]:
    return {"op": "restore", "of": str(case)}


async def own(world: World, *more: UUID) -> UUID:
    """Culture has a quota, a post, something lent, a breach that runs, a report, an agency's accounts."""
    body = SetQuota(
        agency_id=world.culture, kind="quota", code="cc", title="Công chức", number=40,
        effective_on=legal_date(world.now), document="5/QĐ",
    )  # fmt: skip
    done = await world.ask("department", body, world.authority, subject="administration")
    assert done.status in (200, 201), done.answer
    await held(world, "culture.head", "head")
    await held(world, "culture.hr", "deputy")
    values = {"id": uuid4(), "a": world.authority, "g": world.culture, "now": world.now}
    people = {"giver": world.accounts["culture.head"], "taker": world.accounts["culture.approver"]}
    lent = await world.one(_LENT, **values, **people)
    await breach(world, world.culture)
    await reports(world, world.culture, *more)
    return UUID(str(lent.id))


async def same(world: World, before: Any) -> None:
    """All is as it was seen; where not, what of the units' own is not."""
    after = await seen(world)
    assert {name: (was, after[2][name]) for name, was in before[2].items() if was != after[2][name]} == {}
    assert after == before


async def test_what_was_passed_on_goes_back_exactly(world: World) -> None:
    lent = await own(world)
    body = GiveNotice(kind="salary", changed_on=legal_date(world.now), document="5/QĐ")
    assert (await world.ask("culture.hr", body, await world.employ())).status == 201
    world.now += timedelta(days=1)
    before, held_before = await seen(world), await rights(world)
    case = await drafted(world, AWAY, days=1)
    await carried_out(world, case)
    during = await seen(world)
    assert [name for name in before[2] if before[2][name] == during[2][name]] == ["offices"]
    # Health has an approver: culture's lapsed, and is to be given again by people.
    preview = await previewed(world, back(case))
    warned = {one.code: one.count for one in preview.warnings}
    assert (warned["posts-not-restored"], "ended-for-good" in warned) == (1, False)
    again = await drafted(world, back(case), days=3)
    await carried_out(world, again)
    await same(world, before)
    approver = (world.accounts["culture.approver"], world.culture, "approver")
    assert held_before - await rights(world) == {approver}
    assert await rights(world) <= held_before
    told = await world.rows(
        "SELECT facts ->> 'reorganisation' AS case_id FROM events WHERE stream_id = :d"
        " AND kind = 'delegation.passed_on' ORDER BY number",
        d=lent,
    )
    assert [UUID(one.case_id) for one in told] == [case, again]
    third = await drafted(world, back(again), days=3)
    await carried_out(world, third)
    assert (await seen(world))[:2] == during[:2], "what was taken back is taken back in its turn"


async def test_what_was_decided_since_stays(world: World) -> None:
    """And what ended by the plan is counted before it is taken back: one of each kind."""
    lent = await own(world, world.health)
    await world.transfer(await world.employ(), "requested")
    await seconded(world, "culture", await world.employ(), world.health)
    case = await drafted(world, AWAY, days=1)
    await carried_out(world, case)
    warned = {one.code: one.count for one in (await previewed(world, back(case))).warnings}
    assert warned["ended-for-good"] == 3
    await world.rows(
        "UPDATE delegations SET agency_id = :m WHERE id = :d RETURNING 1", m=world.museum, d=lent
    )
    head = world.accounts["culture.head"]
    await world.rows(
        "UPDATE grants SET valid_to = :on WHERE account_id = :who AND valid_to IS NULL RETURNING 1",
        on=legal_date(world.now),
        who=head,
    )
    await given(world, "culture.hr_head", "hr_head", world.culture)
    world.now += timedelta(days=1)
    await carried_out(world, await drafted(world, back(case), days=1))
    kept = await world.one("SELECT agency_id FROM delegations WHERE id = :d", d=lent)
    assert kept.agency_id == world.museum
    held_now = await rights(world)
    assert not {one for one in held_now if one[0] == head}, "who was dismissed since is not head again"
    two = [one for one in held_now if one[0] == world.accounts["culture.hr_head"]]
    assert sorted(one[1] for one in two) == sorted([world.culture, world.health]), "filled there since"


async def test_of_what_became_one_each_gets_its_own_back_and_the_authority_its_office(world: World) -> None:
    await own(world)
    new = {"code": "H26.04", "name": "Sở Văn hoá, Y tế và Nội vụ", "has_account": True}
    every = {"op": "consolidate", "units": ["H26.03", "H26.02", "H26.01"], "into": new}
    before, held_before = await seen(world), await rights(world)
    case = await drafted(world, every, days=1)
    await carried_out(world, case)
    assert (await seen(world))[2]["offices"] == [(unit_id(case, "H26.04"), None)]
    await carried_out(world, await drafted(world, back(case), days=1))
    await same(world, before)
    lapsed = {(who, role) for who, _, role in held_before - await rights(world)}
    names = ("culture.approver", "health.approver")
    assert lapsed == {(world.accounts[name], "approver") for name in names}, "two claimed one post"
