"""How far each agency is with its whole stock, and who is not ready, each in their own part of the tree."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from activities.batches.stock import open_campaigns
from models.calendar import legal_date
from models.commands import OpenProfile
from models.regulations import in_force
from tests.api.commands.conftest import Person
from tests.bound import bind
from tests.world import World

pytestmark = pytest.mark.rule("phu_yen.art6.1")


async def ok(person: Person, path: str, **params: Any) -> Any:
    answer = await person.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def on_trial(world: World) -> None:
    """The authority is run on Phú Yên's draft."""
    law = in_force("phu_yen", world.now.date(), simulate=["phu_yen_2024"])
    await world.rows(
        "INSERT INTO rule_sets VALUES (:a, :h, :on, CAST(:c AS jsonb), 'thử nghiệm', :now) RETURNING hash",
        a=world.authority,
        h=law.hash,
        on=world.now.date(),
        c=law.to_json(),
        now=world.now,
    )


async def test_progress_and_who_is_not_ready(world: World, log_in: Any) -> None:
    await on_trial(world)
    department, head, health = [await log_in(who) for who in ("department", "culture.head", "health.hr")]
    nothing = await ok(department, "/whole-stock")
    assert (nothing["rule_id"], nothing["items"]) == (None, [])
    assert (await ok(department, "/whole-stock/profiles"))["items"] == []

    ready = await world.employ(agency=world.museum, until="review")
    waiting = await world.employ(until="declaration")
    before = await world.employ(agency=world.museum)
    elsewhere = uuid4()
    recruited = OpenProfile(
        agency_id=world.health,
        full_name="Nguyễn Thị Thử",
        personal_id_number=f"000{elsewhere.int % 10**9:09d}",
        event_on=world.now.date(),
        document="12/QĐ",
    )
    assert (await world.ask("health.hr", recruited, elsewhere)).status == 201
    now = datetime.now(UTC) + timedelta(seconds=5)
    campaign = (await open_campaigns(world.tools, world.authority, now)).own
    assert campaign is not None
    held = await campaign.refresh(world.culture)
    assert held is not None

    told = await ok(department, "/whole-stock")
    assert (told["rule_id"], told["opened_on"]) == (
        "phu_yen.art6.1",
        legal_date(campaign.opened_at).isoformat(),
    )
    assert "Điều 6.1" in told["citation"]
    lines = {one["agency"]: one for one in told["items"]}
    culture = lines["Sở Văn hóa"]
    counts = [culture[k] for k in ("total", "approved", "listed", "ready", "approved_before", "not_ready")]
    assert counts == [3, 0, 1, 0, 1, 1]
    assert culture["list_id"] == str(held.id)
    assert (lines["Sở Y tế"]["not_ready"], lines["Sở Y tế"]["list_id"]) == (1, None)

    mine = (await ok(head, "/whole-stock/profiles"))["items"]
    assert {one["profile_id"]: one["standing"] for one in mine} == {
        str(ready): "listed",
        str(waiting): "not_ready",
        str(before): "approved_before",
    }
    unready = (await ok(head, "/whole-stock/profiles", standing="not_ready"))["items"]
    assert [one["profile_id"] for one in unready] == [str(waiting)]
    theirs = (await ok(health, "/whole-stock/profiles", agency=str(world.health)))["items"]
    assert [one["profile_id"] for one in theirs] == [str(elsewhere)]
    assert [one["agency"] for one in (await ok(health, "/whole-stock"))["items"]] == ["Sở Y tế"]
    assert (await ok(health, "/whole-stock/profiles", agency=str(world.culture)))["items"] == []

    first = await ok(department, "/whole-stock/profiles", limit=3)
    rest = await ok(department, "/whole-stock/profiles", limit=3, after=first["next"])
    assert len({one["profile_id"] for one in (*first["items"], *rest["items"])}) == 4
    one = await ok(department, "/whole-stock", limit=1)
    two = await ok(department, "/whole-stock", limit=9, after=one["next"])
    assert {x["agency"] for x in (*one["items"], *two["items"])} == {"Sở Văn hóa", "Sở Y tế"}
    shown = await ok(head, f"/agency-months/{held.id}")
    assert (shown["kind"], shown["overdue"], shown["listed"]) == ("whole_stock", False, 1)
    assert [item["profile_id"] for item in shown["items"]] == [str(ready)]


async def test_a_campaign_of_another_regulation_is_of_the_units_it_binds(world: World, log_in: Any) -> None:
    """Culture is under Phú Yên's draft; health stays under a regulation that knows no such campaign."""
    ready = await world.employ(until="review")
    elsewhere = await world.employ(agency=world.museum, until="declaration")
    law = in_force("phu_yen", world.now.date(), simulate=["phu_yen_2024"])
    await bind(world.tools, world.authority, world.culture, law, world.now.date())
    now = datetime.now(UTC) + timedelta(seconds=5)
    stocks = await open_campaigns(world.tools, world.authority, now)
    assert stocks.own is None
    campaign = stocks.of(world.culture)
    assert campaign is not None
    assert await campaign.refresh(world.culture) is not None
    department, head, health = [await log_in(who) for who in ("department", "culture.head", "health.hr")]
    for who in (department, head):
        shown = await ok(who, "/whole-stock")
        assert shown["rule_id"] == "phu_yen.art6.1"
        assert [(one["agency_id"], one["total"]) for one in shown["items"]] == [(str(world.culture), 2)]
        stock = await ok(who, "/whole-stock/profiles")
        assert {one["profile_id"] for one in stock["items"]} == {str(ready), str(elsewhere)}
    assert (await ok(health, "/whole-stock"))["rule_id"] is None
