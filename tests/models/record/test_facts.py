"""What the law may ask about a profile comes from its rows: category, the agency's standing and kind."""

from sqlalchemy import text

from models.database import transaction
from models.messages import Ask
from models.record.act import _facts
from models.record.subjects import find
from models.regulations import When
from tests.world import World

_KIND = text("UPDATE agencies SET kind = 'commune_committee' WHERE id = :id")


async def test_the_facts_of_a_profile_are_those_of_the_agency_that_keeps_it(world: World) -> None:
    profile = await world.employ(until="account")
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(_KIND, {"id": world.culture})
        found = await find(
            connection,
            Ask(
                authority_id=world.authority,
                subject="profile",
                subject_id=profile,
                internal="wake",
                now=world.now,
            ),
        )
    facts = _facts(found)
    assert set(facts) == {"category", "agency", "kind", "origin"}
    assert set(facts) <= set(When.model_fields)
    assert facts["kind"] == "commune_committee"
    assert When(kind=("commune_committee",)).fits(facts)
    assert not When(kind=("department",)).fits(facts)
