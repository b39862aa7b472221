"""A unit's head leaves: whoever is above and HR are asked for an acting head, and nothing is orphaned."""

from datetime import timedelta

from sqlalchemy import text

from activities.readiness.vacancies import heads_over, warn_of_vacancies
from models.calendar import legal_date
from models.command_accounts import Appoint
from models.commands import Separate
from models.database import transaction
from tests.world import World


async def _told(world: World) -> list[tuple[object, str]]:
    rows = await world.rows(
        "SELECT agency_id, role, facts FROM notices WHERE kind = 'head_vacant' ORDER BY role"
    )
    assert all(row.facts["policy"] for row in rows)
    return [(row.agency_id, row.role) for row in rows]


async def test_a_head_leaves_and_an_acting_head_ends_the_asking(world: World) -> None:
    assert await warn_of_vacancies(world.tools, world.scope, world.now) == 0
    person = await world.employ()
    own = world.accounts["person"]
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE accounts SET profile_id = :p WHERE id = :a"),
            {"p": person, "a": world.accounts["culture.head"]},
        )
    day = legal_date(world.now)
    left = await world.ask("culture.hr", Separate(kind="retired", effective_on=day, document="1/QĐ"), person)
    assert left.status == 201, left.answer

    assert await warn_of_vacancies(world.tools, world.scope, world.now) == 1
    await warn_of_vacancies(world.tools, world.scope, world.now + timedelta(hours=1))
    asked = [(world.department, "department_head"), (world.culture, "hr_officer")]
    assert await _told(world) == asked, "once a week"
    async with transaction(world.tools.engine, world.scope) as connection:
        for unit in (world.culture, world.museum):
            over = await heads_over(connection, unit, day)
            assert over[0] == (world.department, "department_head"), (
                "the whole subtree has who answers for it"
            )

    other = await world.employ()
    assert (other, world.accounts["person"]) != (person, own)
    acting = Appoint(agency_id=world.culture, role="head", acting=True, valid_from=day, document="2/QĐ")
    appointed = await world.ask("admin", acting, world.accounts["person"], subject="account")
    assert appointed.status == 201, appointed.answer
    assert await warn_of_vacancies(world.tools, world.scope, world.now + timedelta(days=7)) == 0
    async with transaction(world.tools.engine, world.scope) as connection:
        assert (await heads_over(connection, world.museum, day))[0] == (world.culture, "head")
