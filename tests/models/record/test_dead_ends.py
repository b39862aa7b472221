"""Dead ends on real rows: what is awaited, who may sign it, what the month's end will find, who is told."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from activities.readiness.warnings import warn_of_dead_ends
from models.access import Actor, Grant, Verb
from models.database import transaction
from models.lifecycle.dead_ends import DeadEnd, Finder, Somebody
from models.record.awaited_acts import agreement
from models.record.dead_ends import find_dead_ends, window_end
from models.regulations import in_force
from tests.models.lifecycle.scenes import CULTURE, DEPARTMENT, scene
from tests.world import World


async def find(world: World, **more: Any) -> list[DeadEnd]:
    async with transaction(world.tools.engine, world.scope) as connection:
        return await find_dead_ends(
            connection, world.tools, world.authority, world.now, **{"certificates": False, **more}
        )


async def run(world: World, sql: str, **values: Any) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text(sql), values)


async def suspend(world: World, *who: str) -> None:
    for one in who:
        await run(world, "UPDATE accounts SET suspended_at = :now WHERE id = :id",
                  now=world.now, id=world.accounts[one])  # fmt: skip


async def test_found_before_the_window_and_told_to_whom_it_reaches(world: World) -> None:
    profile = await world.employ(agency=world.museum, until="review")
    assert await find(world) == []
    await suspend(world, "culture.approver", "culture.head")
    (one,) = await find(world)
    assert (one.step.subject_id, one.step.custodian_id, one.on) == (profile, world.museum, date(2025, 12, 1))
    assert {why.account_id: why.code for why in one.why} == {
        world.accounts["culture.approver"]: "suspended",
        world.accounts["culture.head"]: "suspended",
    }
    assert {two.because for two in one.proposals if two.remedy == "restore"} == {"suspended"}
    (given,) = [two.account_id for two in one.proposals if two.remedy == "give_post"]
    assert given in (world.accounts["culture.hr"], world.accounts["culture.hr_head"])
    assert await find(world, agencies=[world.health]) == []

    assert await warn_of_dead_ends(world.tools, world.scope, world.now, certificates=False) == 1
    await warn_of_dead_ends(world.tools, world.scope, world.now + timedelta(hours=1), certificates=False)
    told = await world.rows(
        "SELECT agency_id, role, facts FROM notices WHERE kind = 'dead_end' ORDER BY role"
    )
    # The museum has no posts of its own; its HR is culture's, and culture's head is the one who is suspended.
    assert [(row.agency_id, row.role) for row in told] == [
        (world.museum, "head"),
        (world.culture, "hr_officer"),
    ]
    assert told[0].facts["count"] == 1
    assert told[0].facts["codes"] == ["suspended"]
    assert told[0].facts["proposals"][0]["remedy"] == "restore"

    await run(
        world, "UPDATE accounts SET suspended_at = NULL WHERE id = :id", id=world.accounts["culture.head"]
    )
    assert await find(world) == []
    await world.sign(profile, "culture.head")


async def test_a_post_that_ends_within_the_month_is_found_now(world: World) -> None:
    await world.employ(until="review")
    for who, until in (("culture.approver", date(2025, 12, 1)), ("culture.head", date(2025, 12, 20))):
        await run(world, "UPDATE grants SET valid_to = :until WHERE account_id = :id",
                  until=until, id=world.accounts[who])  # fmt: skip
    (one,) = await find(world)
    assert one.on == window_end(date(2025, 12, 1)) == date(2025, 12, 31)
    assert {why.code for why in one.why} == {"left"}


async def test_without_certificates_nobody_signs_where_keys_are_elsewhere(world: World) -> None:
    await world.employ(until="review")
    (one,) = await find(world, certificates=True)
    assert {why.code for why in one.why} == {"no-certificate"}


def test_the_end_of_each_month() -> None:
    assert window_end(date(2028, 2, 1)) == date(2028, 2, 29)
    assert window_end(date(2025, 12, 31)) == date(2025, 12, 31)


async def test_a_transfer_waits_for_the_side_whose_turn_it_is(world: World) -> None:
    """Reported by whoever gives, taken by whoever receives; a certificate is not asked of either."""
    profile = await world.employ(until="service")
    case = await world.transfer(profile, until="requested")
    assert await find(world, certificates=True) == []
    await suspend(world, "health.hr", "health.approver")
    assert [one for one in await find(world) if one.step.kind == "transfer"] == [], "it is not its turn"
    await suspend(world, "culture.hr", "culture.hr_head", "culture.head", "culture.approver", "department")
    (one,) = [one for one in await find(world) if one.step.kind == "transfer"]
    assert (one.step.subject_id, one.step.custodian_id, one.step.verb) == (
        case,
        world.culture,
        Verb.REPORT_TRANSFER,
    )
    assert one.step.citation.endswith("Điều 12.1.a")
    assert {why.code for why in one.why} == {"suspended"}
    assert {two.remedy for two in one.proposals} == {"restore"}
    assert await find(world, agencies=[world.health]) == []


async def test_nobody_left_to_receive_is_found_once_the_profile_is_handed_over(world: World) -> None:
    profile = await world.employ(until="service")
    case = await world.transfer(profile, until="handed_over")
    assert await find(world) == []
    await suspend(world, "health.hr", "health.approver")
    (one,) = await find(world)
    assert (one.step.subject_id, one.step.custodian_id) == (case, world.health)
    assert one.step.verb is Verb.ACCEPT_TRANSFER


async def test_a_gate_without_anybody_is_one_dead_end_however_much_waits(world: World) -> None:
    profiles = [await world.employ(until="review") for _ in range(2)]
    for profile, agency in zip(profiles, (world.culture, world.health), strict=True):
        await run(
            world,
            "INSERT INTO agency_months (id, authority_id, agency_id, month, state, gate, opens_on,"
            " nominal_end, rolled_end, closes_at, version, listed, opened_at, summary) VALUES (:p, :a,"
            " :agency, '2025-11', 'gate', 'after', '2025-11-26', '2025-11-30', '2025-12-01', :now, 1, 1,"
            " :now, '{}')",
            p=profile, a=world.authority, agency=agency, now=world.now,
        )  # fmt: skip
        await run(
            world,
            "INSERT INTO month_items (agency_month_id, profile_id, authority_id, revision_id, digest, state,"
            " changed_at) SELECT id, id, authority_id, pending_revision_id, repeat('0', 64), 'accepted', :now"
            " FROM profiles WHERE id = :p",
            p=profile, now=world.now,
        )  # fmt: skip
    assert [one for one in await find(world, certificates=True) if one.step.kind == "gate"] == []
    await suspend(world, "department", "department.head")
    (one,) = [one for one in await find(world) if one.step.kind == "gate"]
    assert (one.step.custodian_id, one.step.subject_id in profiles) == (world.department, True)
    assert one.step.citation.endswith("Điều 14.2")
    assert {why.code for why in one.why} == {"suspended"}


def test_an_agreement_to_a_delegation_is_the_departments_where_the_law_asks_for_one() -> None:
    day = date(2025, 12, 1)
    row = SimpleNamespace(id=UUID(int=7), agency_id=CULTURE)
    tree = {DEPARTMENT: (DEPARTMENT,), CULTURE: (CULTURE,)}
    assert agreement(row, scene(day), tree) is None
    step = agreement(row, scene(day, law=in_force("binh_dinh", day)), tree)
    assert step is not None
    assert (step.kind, step.target.agency_id, step.custodian_id) == ("delegation", DEPARTMENT, CULTURE)
    nobody = list(Finder((), day, in_force("binh_dinh", day)).dead_ends([step]))
    assert [one.step for one in nobody] == [step]
    officer = Somebody(
        Actor(UUID(int=1), None, UUID(int=9), (Grant("department_officer", DEPARTMENT, date(2025, 1, 1)),)),
        "active",
        DEPARTMENT,
    )
    law = in_force("binh_dinh", day)
    assert list(Finder((officer,), day, law, certificates=True).dead_ends([step])) == []
