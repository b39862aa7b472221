"""The tree told beside the profiles: what changed, upper units first, and nothing a second time."""

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from activities.national.adapter import NationalGateway, UnitChange
from activities.national.mappings import load_mapping
from activities.national.office import NationalOffice
from activities.national.tree import CODE, tell_tree
from models.calendar import legal_date
from models.database import transaction
from models.messages_admin import NationalTree
from models.settings import Settings
from tests.activities.national.conftest import Emulator
from tests.models.record.plans import drafted
from tests.models.record.test_reorganised_day import carried_out
from tests.world import World

MAPPING = load_mapping("stand_in")


@pytest.fixture
def tell(world: World, gateway: NationalGateway) -> Any:
    async def told(mapping: Any = MAPPING) -> int:
        return await tell_tree(world.tools, gateway, mapping, "G09", world.authority, world.now)

    return told


async def change(world: World, sql: str, **values: Any) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text(sql), values)


async def test_every_unit_with_a_code_is_told_once_and_again_when_it_changes(world, tell, emulator) -> None:
    units = await world.rows(
        "SELECT code FROM agency_spans WHERE NOT ended AND valid_from <= :d", d=world.now
    )
    wanted = sum(1 for unit in units if re.fullmatch(CODE, unit.code))
    assert wanted >= 3
    before = emulator.summary()
    assert await tell() == wanted
    told = await world.rows("SELECT refused FROM national_units")
    assert [row.refused for row in told] == [None] * wanted
    assert emulator.summary()["units"] >= wanted
    sendings = emulator.summary()["sendings"]
    assert await tell() == 0
    assert emulator.summary()["sendings"] == sendings == before["sendings"], "no packet of profiles"
    await change(world, "UPDATE agency_spans SET name = 'Sở mới' WHERE agency_id = :a", a=world.culture)
    assert await tell() == 1
    # A code that ended is told with the day on which it did.
    end = world.now.date() + timedelta(days=1)
    await change(world, "UPDATE agency_spans SET valid_to = :e WHERE agency_id = :a", e=end, a=world.museum)
    assert await tell() == 1
    assert await tell() == 0


async def test_what_the_other_side_refuses_is_put_before_the_administrators_once(world, tell) -> None:
    await tell()
    # Another authority's code: this side may not tell of it.
    await change(world, "UPDATE agency_spans SET code = 'H15.2' WHERE agency_id = :a", a=world.museum)
    assert await tell() == 1
    row = await world.one("SELECT refused FROM national_units WHERE agency_id = :a", a=world.museum)
    assert row.refused == "NOT_HOLDER"
    assert await tell() == 0
    notices = await world.rows("SELECT facts FROM notices WHERE kind = 'national_unit_refused'")
    assert [n.facts for n in notices] == [{"code": "NOT_HOLDER", "unit": "H15.2"}]


async def test_a_mapping_without_a_place_for_units_tells_of_none(world, tell) -> None:
    assert await tell(dataclasses.replace(MAPPING, units={})) == 0


async def test_a_merger_is_told_when_its_day_is_over_without_waiting_for_a_list(
    world: World, gateway: NationalGateway, settings: Settings, emulator: Emulator
) -> None:
    """The code that is closed, with its day, by the activity that follows the day."""
    office = NationalOffice(settings, world.tools, gateway)
    first = await office.tell_tree(NationalTree(authority_id=world.authority, now=world.now))
    assert first.told
    await world.employ(agency=world.museum, until="account")
    case = await drafted(world, days=1)
    await carried_out(world, case)
    packets = emulator.summary()["packets"]
    again = NationalTree(authority_id=world.authority, now=world.now)
    assert (await office.tell_tree(again)).told
    row = await world.one("SELECT content, refused FROM national_units WHERE agency_id = :m", m=world.museum)
    span = await world.one(
        "SELECT s.code, s.name, p.code AS above, s.valid_from, s.valid_to FROM agency_spans s"
        " JOIN agency_spans p ON p.agency_id = s.parent_id WHERE s.agency_id = :m AND NOT s.ended",
        m=world.museum,
    )
    closed = UnitChange(world.museum, span.code, span.name, span.above, span.valid_from, span.valid_to)
    assert (row.content, row.refused) == (closed.digest, None)
    assert span.valid_to == legal_date(world.now), "the last the other side heard is when the code was closed"
    assert not (await office.tell_tree(again)).told
    assert emulator.summary()["packets"] == packets, "no packet of profiles"
    notice = await world.one("SELECT facts FROM notices WHERE kind = 'reorganisation_done'")
    assert notice.facts["codes_closed"] == ["H26.02.01"]


async def test_without_a_national_database_there_is_nobody_to_tell(world: World, settings: Settings) -> None:
    told = await NationalOffice(settings, world.tools, None).tell_tree(
        NationalTree(authority_id=world.authority, now=world.now)
    )
    assert not told.told
