"""An archived dossier leaves by the right to read the archive, not by a post of the agency alone."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models.calendar import legal_date
from models.command_exports import ExportDossier
from models.commands import Separate
from models.database import transaction
from tests.world import World

BODY = ExportDossier(purpose="Giải quyết chế độ", recipient="Bảo hiểm xã hội")


async def appoint(world: World, who: str, role: str, agency: UUID) -> None:
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


@pytest.mark.rule("hanoi.art12.3")
async def test_an_archived_dossier_is_exported_by_who_may_read_it_there(world: World) -> None:
    profile = await world.employ()
    day = legal_date(world.now)
    await world.ask("culture.hr", Separate(kind="retired", effective_on=day, document="3/QĐ"), profile)
    await world.step("archive", profile, told=False)

    refused = await world.ask("culture.hr", BODY, profile)
    assert (refused.status, refused.answer["code"]) == (403, "archived-profile")
    await appoint(world, "culture.hr", "archivist", world.health)
    elsewhere = await world.ask("culture.hr", BODY, profile)
    assert elsewhere.answer["code"] == "archived-profile"
    assert not await world.rows("SELECT 1 FROM exports WHERE profile_id = :p", p=profile)

    department = await world.ask("department", BODY, profile)
    assert world.moment.to_export is not None, department.answer
    await appoint(world, "culture.hr", "auditor", world.culture)
    partly = await world.ask("culture.hr", BODY, profile)
    assert (partly.status, partly.answer["code"]) == (403, "field-withheld"), "an auditor sees level 2"
    await appoint(world, "culture.hr", "archivist", world.culture)
    kept = await world.ask("culture.hr", BODY, profile)
    assert world.moment.to_export is not None, kept.answer
