"""Dead ends on real rows: what is awaited, who may sign it, what the month's end will find, who is told."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from activities.readiness.warnings import warn_of_dead_ends
from models.database import transaction
from models.lifecycle.dead_ends import DeadEnd
from models.record.dead_ends import find_dead_ends, window_end
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
