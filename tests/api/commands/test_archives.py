"""What is archived is read by its own right only, whatever else a post may read."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.calendar import legal_date
from models.database import transaction
from tests.api.commands.test_refusals import problem
from tests.world import World

pytestmark = pytest.mark.usefixtures("worker")
READS = ("", "/form", "/revisions", "/custody", "/timeline", "/explanation", "/changes", "/documents")


async def appoint(world: World, who: str, role: str, agency: UUID) -> None:
    """Another role for an account, at one agency."""
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text(
                "INSERT INTO grants (id, authority_id, account_id, agency_id, role, valid_from)"
                " VALUES (:id, :a, :account, :agency, :role, :day)"
            ),
            {
                "id": uuid4(),
                "a": world.authority,
                "account": world.accounts[who],
                "agency": agency,
                "role": role,
                "day": date(2025, 1, 1),
            },
        )


async def archived(world: World, hr: Any) -> UUID:
    """Somebody who has retired."""
    profile = await world.employ()
    day = legal_date(world.now).isoformat()
    gone = await hr.command(
        f"/profiles/{profile}/separations", {"kind": "retired", "effective_on": day, "document": "3/QĐ"}
    )
    assert gone.status_code == 201, gone.text
    await world.step("archive", profile, told=False)
    return profile


async def listed(person: Any, **asked: str) -> set[str]:
    answer = await person.get("/profiles", params=asked)
    assert answer.status_code == 200, answer.text
    return {line["id"] for line in answer.json()["items"]}


@pytest.mark.rule("hanoi.art12.3")
async def test_the_agency_s_posts_do_not_read_the_archive(log_in, world: World) -> None:
    hr = await log_in("culture.hr")
    working, gone = await world.employ(), await archived(world, hr)
    assert (await hr.get(f"/profiles/{working}")).status_code == 200
    for who in ("culture.hr", "culture.approver"):
        person = await log_in(who)
        for path in READS:
            refused = await person.get(f"/profiles/{gone}{path}")
            problem(refused, 403, "archived-profile")
        assert await listed(person) == {str(working)}
        assert await listed(person, chapter="archive") == set()


@pytest.mark.rule("hanoi.art12.3")
async def test_the_keeper_reads_the_archive_of_the_own_part_of_the_tree_and_nothing_else(
    log_in, world: World
) -> None:
    hr = await log_in("culture.hr")
    working, gone = await world.employ(), await archived(world, hr)
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE grants SET valid_to = :day WHERE account_id = :id"),
            {"day": date(2025, 1, 2), "id": world.accounts["culture.approver"]},
        )
    await appoint(world, "culture.approver", "archivist", world.culture)
    keeper = await log_in("culture.approver")
    for path in READS:
        seen = await keeper.get(f"/profiles/{gone}{path}")
        assert seen.status_code == 200, (path, seen.text)
    head = (await keeper.get(f"/profiles/{gone}")).json()
    assert (head["role"], "12.3" in head["citation"]) == ("archivist", True)
    problem(await keeper.get(f"/profiles/{working}"), 403, "not-permitted")
    assert await listed(keeper) == {str(gone)}
    assert await listed(keeper, chapter="service") == set()

    await appoint(world, "culture.hr", "archivist", world.health)
    elsewhere = await log_in("culture.hr")
    problem(await elsewhere.get(f"/profiles/{gone}"), 403, "archived-profile")
    assert await listed(elsewhere) == {str(working)}
    await appoint(world, "culture.hr", "archivist", world.culture)
    both = await log_in("culture.hr")
    assert await listed(both) == {str(working), str(gone)}


async def test_the_managing_department_reads_it_and_who_comes_back_is_read_again(
    log_in, world: World
) -> None:
    hr, officer = await log_in("culture.hr"), await log_in("department")
    gone = await archived(world, hr)
    assert (await officer.get(f"/profiles/{gone}")).status_code == 200
    assert str(gone) in await listed(officer)
    back = await hr.command(
        f"/profiles/{gone}/reopening",
        {"agency_id": str(world.culture), "event_on": legal_date(world.now).isoformat(), "document": "4/HĐ"},
    )
    assert back.status_code == 201, back.text
    assert (await hr.get(f"/profiles/{gone}")).status_code == 200
