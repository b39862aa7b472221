"""The same campaign under other regulations, by data alone: who owes it, on whose day, by which criteria."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from activities.reviews.office import ReviewOffice
from models.database import engine_for
from models.regulations import in_force
from tests.activities.reviews.conftest import BEFORE, Campaign
from tests.models.record.plans import drafted
from tests.models.record.test_reorganised_day import carried_out
from tests.world import World, build, tools_for

LAWS = {
    "hanoi": lambda: in_force("hanoi", BEFORE.date()),
    "moha": lambda: in_force("moha", BEFORE.date()),
    "binh_dinh": lambda: in_force("binh_dinh", BEFORE.date()),
    "phu_yen": lambda: in_force("phu_yen", BEFORE.date(), simulate=["phu_yen_2024"]),
}


@pytest.fixture
async def world(database: Any, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """An authority under the law the test names."""
    engine = engine_for(database.url("worker"), pool_size=8)
    yield await build(tools_for(engine, tmp_path), BEFORE, law=LAWS[request.param]())
    await engine.dispose()


async def duties(world: World) -> list[Any]:
    return await world.rows(
        "SELECT d.*, t.whole FROM duties d JOIN review_reports t ON t.id = d.report_id ORDER BY t.whole"
    )


@pytest.mark.parametrize("world", ["binh_dinh"], indirect=True)
async def test_binh_dinh_the_department_alone_reports_every_three_months(
    world: World, office: ReviewOffice
) -> None:
    campaign = Campaign(world, office)
    await campaign.look(date(2025, 12, 17))
    (duty,) = await duties(world)
    assert (duty.whole, duty.party, duty.agency_id) == (True, "department_officer", world.department)
    assert (duty.due_on, duty.facts["policy_date"]) == (date(2025, 12, 31), True)
    row = await campaign.sign("department", world.department, whole=True)
    named = [one["criterion"] for one in row.content["criteria"] if one["binding"]]
    assert named == ["correct", "complete", "clean"]
    assert "reports" not in row.content
    assert (await campaign.look(date(2025, 12, 18))).state == "closed"
    states = await world.rows("SELECT DISTINCT state FROM review_reports WHERE NOT whole")
    assert [row.state for row in states] == ["not_owed"]


@pytest.mark.parametrize("world", ["phu_yen"], indirect=True)
async def test_phu_yen_agencies_report_yearly_and_the_department_onward(
    world: World, office: ReviewOffice
) -> None:
    campaign = Campaign(world, office, "2025")
    await campaign.look(date(2025, 12, 17))
    found = await duties(world)
    each = {d.agency_id: d for d in found if not d.whole}
    assert set(each) == {world.department, world.culture, world.health}
    assert {(d.party, d.due_on, d.rule_id) for d in each.values()} == {
        ("head", date(2025, 12, 31), "phu_yen.art16.7")
    }
    (onward,) = [d for d in found if d.whole]
    assert (onward.rule_id, onward.due_on) == ("phu_yen.art19.7", None)
    assert (await campaign.sign("culture.head", world.culture)).state == "sent"
    whole = await campaign.sign("department", world.department, whole=True)
    assert whole.state == "sent"
    assert len(whole.content["reports"]) == 3


@pytest.mark.parametrize("world", ["hanoi"], indirect=True)
async def test_an_agency_under_another_regulation_reports_by_its_own_text(
    world: World, office: ReviewOffice
) -> None:
    move = {"op": "move_authority", "unit": "H26.02", "regulation": "phu_yen", "drafts": ["phu_yen_2024"]}
    await carried_out(world, await drafted(world, move, days=1))
    year = Campaign(world, office, "2025")
    await year.look(date(2025, 12, 17))
    each = {d.agency_id: (d.rule_id, d.due_on) for d in await duties(world) if not d.whole}
    assert each[world.culture] == ("phu_yen.art16.7", date(2025, 12, 31))
    assert each[world.health] == ("hanoi.art21.6.y", date(2025, 12, 30))
    sent = await year.sign("culture.head", world.culture)
    assert (sent.state, sent.late_days) == ("sent", 0)
    # Its text asks for no report of the quarter, theirs does.
    await Campaign(world, office).look(date(2025, 12, 17))
    quarter = {d.agency_id for d in await duties(world) if not d.whole and d.facts["period"] == "2025-q4"}
    assert quarter == {world.department, world.health}


@pytest.mark.parametrize("world", ["moha"], indirect=True)
async def test_what_only_a_part_s_regulation_asks_for_is_asked_of_that_part(
    world: World, office: ReviewOffice
) -> None:
    """The authority's own knows no report of the quarter; the part's does, and nobody else owes one."""
    named_after_its_law = "UPDATE authorities SET regulation = 'moha' RETURNING 1"
    assert len(await world.rows(named_after_its_law)) == 1
    move = {"op": "move_authority", "unit": "H26.02", "regulation": "hanoi"}
    await carried_out(world, await drafted(world, move, days=1))
    campaign = Campaign(world, office)
    await campaign.look(date(2025, 12, 17))
    (duty,) = await duties(world)
    assert (duty.agency_id, duty.rule_id) == (world.culture, "hanoi.art21.6.q")
    assert duty.due_on == date(2025, 12, 25)
    sent = await campaign.sign("culture.head", world.culture)
    assert (sent.state, sent.late_days) == ("sent", 0)
    assert [one["criterion"] for one in sent.content["criteria"] if one["binding"]]
    assert (await campaign.look(date(2025, 12, 18))).state == "closed"
    states = await world.rows(
        "SELECT DISTINCT state FROM review_reports WHERE agency_id <> :c", c=world.culture
    )
    assert [row.state for row in states] == ["not_owed"]
