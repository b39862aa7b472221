"""What is a unit's own when it ends: breaches, reports, archived files, people lent to it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from models.calendar import legal_date
from models.command_registers import RecordBreach
from models.commands import Second, Separate
from models.record.moving_day import move_all
from tests.models.record.test_moving import planned, whole
from tests.world import World

_REVIEW = (
    "INSERT INTO reviews VALUES (:id, :a, '2025-q4', 'report_quarter', 'r', 'Điều', 'h', 'open',"
    " '2025-12-11', '2025-12-25', '2025-12-25', :now, :now, false, :now, NULL, NULL, '{}') RETURNING id"
)
_REPORT = (
    "INSERT INTO review_reports (id, authority_id, review_id, agency_id, whole, state, version, figures,"
    " late_days) VALUES (:id, :a, :review, :g, false, 'open', 1, '{}', 0) RETURNING id"
)


async def breach(world: World, agency: UUID) -> UUID:
    body = RecordBreach(
        agency_id=agency, kind="loss", known_at=world.now, story="Mất một thẻ nhớ.", people=0, data=("basic",)
    )
    made = uuid4()
    told = await world.ask("culture.head", body, made, subject="breach")
    assert told.status == 201, told.answer
    return made


async def reports(world: World, *agencies: UUID) -> dict[UUID, UUID]:
    review = (await world.one(_REVIEW, id=uuid4(), a=world.authority, now=world.now)).id
    made = {agency: uuid4() for agency in agencies}
    for agency, one in made.items():
        await world.one(_REPORT, id=one, a=world.authority, review=review, g=agency)
    return made


async def archived(world: World) -> UUID:
    profile = await world.employ()
    body = Separate(kind="retired", effective_on=legal_date(world.now), document="3/QĐ")
    assert (await world.ask("culture.hr", body, profile)).status == 201
    await world.step("archive", profile, told=False)
    return profile


async def seconded(world: World, home: str, profile: UUID, host: UUID) -> None:
    day = legal_date(world.now)
    body = Second(
        to_agency_id=host, decided_on=day, starts_on=day, ends_on=day + timedelta(days=90), document="7/QĐ"
    )
    asked = await world.ask(f"{home}.hr", body, profile)
    assert asked.status == 201, asked.answer


async def where(world: World, table: str, one: UUID) -> Any:
    return (await world.one(f"SELECT agency_id FROM {table} WHERE id = :id", id=one)).agency_id


async def test_each_thing_of_a_unit_that_ends_is_the_heir_s_and_says_so(world: World) -> None:
    """Culture ends, health takes over: a breach is open, all report, one file is kept, one is lent."""
    told = await breach(world, world.culture)
    mine = await reports(world, world.culture, world.museum, world.health)
    gone = await archived(world)
    health = replace(
        world,
        culture=world.health,
        accounts=world.accounts
        | {"culture.hr": world.accounts["health.hr"], "culture.approver": world.accounts["health.approver"]},
    )
    lent_here = await health.employ()
    await seconded(world, "health", lent_here, world.museum)
    plan = await planned(world, {}, heirs={world.culture: world.health, world.museum: world.health})
    day = await move_all(world.tools, world.authority, plan, world.now)
    assert (day.moved, day.over) == (1, True), "the archived file is moved like anybody's"
    assert await where(world, "breaches", told) == world.health
    assert (await where(world, "profiles", gone), await whole(world)) == (world.health, [])
    states = {
        one.agency_id: one.state
        for one in await world.rows(
            "SELECT agency_id, state FROM review_reports WHERE id = ANY (:i)", i=list(mine.values())
        )
    }
    assert states == {world.culture: "not_owed", world.museum: "not_owed", world.health: "open"}
    (passed,) = await world.rows(
        "SELECT facts FROM events WHERE stream_id = :s AND kind = 'breach.passed_on'", s=told
    )
    assert passed.facts["to_agency"] == str(world.health)
    (said,) = await world.rows(
        "SELECT facts FROM events WHERE stream_id = :s AND kind = 'report.passed_on'", s=mine[world.culture]
    )
    assert said.facts["reported_in"] == str(mine[world.health])
    share = await world.one("SELECT state, agency_id FROM shares WHERE profile_id = :p", p=lent_here)
    assert share.state == "ended", "between what becomes one nobody is lent"
