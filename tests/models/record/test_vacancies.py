"""A unit's head leaves: whoever is above and HR are asked for an acting head, and nothing is orphaned."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from activities.readiness.vacancies import LONG, heads_over, warn_of_vacancies
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


async def _held(world: World, role: str) -> tuple[UUID, UUID]:
    """Somebody of the museum in a post of it: the profile, and the account that holds the post."""
    person = await world.employ(agency=world.museum)
    account = world.accounts["person"]
    body = Appoint(agency_id=world.museum, role=role, document="2/QĐ")
    done = await world.ask("department", body, account, subject="account")
    assert done.status == 201, done.answer
    return person, account


async def test_a_post_that_stands_empty_for_long_is_told_one_head_higher(world: World) -> None:
    """The museum's head retires: the department of culture's head first; after 30 days the one above, too."""
    person, _ = await _held(world, "head")
    day = legal_date(world.now)
    left = await world.ask("culture.hr", Separate(kind="retired", effective_on=day, document="1/QĐ"), person)
    assert left.status == 201, left.answer

    async def told_on(days: int) -> list[tuple[object, str]]:
        now = world.now + timedelta(days=days)
        await warn_of_vacancies(world.tools, world.scope, now)
        rows = await world.rows(
            "SELECT agency_id, role FROM notices WHERE kind = 'head_vacant' AND created_at = :now"
            " AND facts ->> 'agency' = :museum ORDER BY role = 'hr_officer', agency_id = :culture, role",
            culture=world.culture,
            now=now,
            museum=str(world.museum),
        )
        return [tuple(row) for row in rows]

    near = [(world.culture, "head"), (world.culture, "hr_officer")]
    assert await told_on(0) == near
    since = date.fromisoformat((await world.rows(_SINCE))[0].since)
    whole = (since + LONG - day).days
    assert await told_on(whole - 1) == near, "not before its thirtieth day"
    assert await told_on(whole + 6) == [(world.department, "department_head"), *near]


_SINCE = "SELECT facts ->> 'since' AS since FROM notices WHERE kind = 'head_vacant'"


async def test_deputies_are_proposed_and_whom_the_leaving_named_before_them(world: World) -> None:
    head, _ = await _held(world, "head")
    _, deputy = await _held(world, "deputy")
    named, account = await world.employ(agency=world.museum), world.accounts["person"]
    world.now += timedelta(days=1)  # a post given after a leaving would answer it
    body = Separate(kind="retired", effective_on=legal_date(world.now), document="1/QĐ", acting_head=named)
    left = await world.ask("culture.hr", body, head)
    assert left.status == 201, left.answer
    assert await warn_of_vacancies(world.tools, world.scope, world.now) == 1
    rows = await world.rows("SELECT facts FROM notices WHERE kind = 'head_vacant'")
    assert {tuple(row.facts["proposals"]) for row in rows} == {(str(account), str(deputy))}
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE accounts SET suspended_at = :now WHERE id = :a"), {"now": world.now, "a": account}
        )
    later = world.now + timedelta(days=7)
    await warn_of_vacancies(world.tools, world.scope, later)
    rows = await world.rows(
        "SELECT facts FROM notices WHERE kind = 'head_vacant' AND created_at = :l", l=later
    )
    assert {tuple(row.facts["proposals"]) for row in rows} == {(str(deputy),)}, "who cannot act is left out"
