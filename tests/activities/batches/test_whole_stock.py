"""The whole stock's first approval under Phú Yên's draft on trial: lists, the head's rounds, late joiners."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.batches.stock import open_campaigns
from models.command_law import OpenCampaign
from models.commands import Approve, ApproveList
from models.database import engine_for
from models.messages import MonthStart
from models.regulations import in_force
from tests.activities.batches.conftest import OPENING, batch, chosen, items_of, month_of, submitted
from tests.forms import COMPLETE
from tests.models.record.test_signing_check import check, named
from tests.world import World, build, tools_for

pytestmark = pytest.mark.rule("phu_yen.art6.1")

STOCK = "2026-01-stock"
FEBRUARY = datetime(2026, 2, 23, 17, 0, tzinfo=UTC)


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=8)
    law = in_force("phu_yen", date(2026, 1, 20), simulate=["phu_yen_2024"])
    yield await build(tools_for(engine, tmp_path), datetime(2026, 1, 20, 3, 0, tzinfo=UTC), law=law)
    await engine.dispose()


async def opened(world: World, months: Any, run: Any, month: str = "2026-01", at: datetime = OPENING) -> None:
    """The month's opening, which looks after the campaign first."""
    world.now = at
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month=month), at=at)


async def duties(world: World) -> list[Any]:
    return await world.rows(
        "SELECT * FROM duties WHERE slot = 'whole_stock_approval' ORDER BY opened_at, agency_id"
    )


async def test_every_agency_has_its_list_without_an_end(world: World, months: Any, run: Any) -> None:
    museum, health = await submitted(world, 1), await submitted(world, 2, world.health)
    await world.employ(until="declaration")
    await opened(world, months, run)
    culture = await month_of(world, world.culture, STOCK)
    assert (culture.kind, culture.listed, culture.state) == ("whole_stock", 1, "open")
    assert set(await items_of(world, culture.id)) == {museum}
    assert set(await items_of(world, (await month_of(world, world.health, STOCK)).id)) == {health}
    # Nobody stands on two lists: the month's holds none of them.
    assert (await month_of(world, world.culture)).listed == 0
    owed = await duties(world)
    assert {(d.agency_id, d.party, d.rule_id, d.due_on, d.due_at) for d in owed} == {
        (agency, "head", "phu_yen.art6.1", None, None) for agency in (world.culture, world.health)
    }
    told = await world.rows("SELECT facts FROM events WHERE kind = 'stock.campaign_opened'")
    assert [row.facts["opened_on"] for row in told] == ["2026-01-27"]


async def test_a_second_opening_changes_nothing(world: World, months: Any, run: Any) -> None:
    await submitted(world, 1)
    await opened(world, months, run)
    await opened(world, months, run, at=OPENING + timedelta(hours=1))
    await opened(world, months, run, at=OPENING + timedelta(hours=2))
    assert len(await duties(world)) == 1
    assert len(await world.rows("SELECT 1 FROM stock_campaigns")) == 1
    reminded = await world.rows("SELECT facts FROM notices WHERE kind = 'whole_stock_waiting'")
    assert [row.facts for row in reminded] == [{"items": 1, "policy": True}]


async def test_the_head_approves_in_rounds_and_the_list_is_met(world: World, months: Any, run: Any) -> None:
    people = [await submitted(world, n) for n in range(3)]
    await opened(world, months, run)
    stock = await month_of(world, world.culture, STOCK)
    first = await chosen(world, stock.id, people[0], who="culture.head")
    done = await run(months.approve_batch, batch(world, stock, first))
    assert (done.done, done.refused) == (1, 0)
    await world.step("approvals_done", stock.id, subject="agency_month", round=str(first))
    (duty,) = await duties(world)
    assert duty.state == "open"
    second = await chosen(world, stock.id, who="culture.head")
    assert (await run(months.approve_batch, batch(world, stock, second))).done == 2
    await world.step("approvals_done", stock.id, subject="agency_month", round=str(second))
    (duty,) = await duties(world)
    assert (duty.state, duty.late_days) == ("met", 0)
    signed = await world.rows("SELECT approver_role, rule_ids, late_days, agency_month_id FROM approvals")
    assert {(s.approver_role, s.late_days, s.agency_month_id) for s in signed} == {("head", 0, stock.id)}
    assert all("phu_yen.art6.1" in s.rule_ids for s in signed)


async def test_nobody_but_the_head_approves_the_stock(world: World, months: Any, run: Any) -> None:
    profile = await submitted(world, 1)
    await opened(world, months, run)
    stock = await month_of(world, world.culture, STOCK)
    refused = await world.ask("culture.approver", ApproveList(), stock.id, subject="agency_month")
    assert refused.answer is not None
    assert (refused.status, refused.answer["code"]) == (403, "not-competent")
    assert "Điều 6.1" in refused.answer["citation"]
    waits = await world.pending(profile)
    alone = Approve(revision_id=waits.revision_id, digest=waits.digest)
    single = await world.ask("culture.approver", alone, profile)
    assert single.answer is not None
    assert (single.status, single.answer["code"]) == (403, "not-competent")
    told = await check(world, stock.id, "culture.approver")  # and it is said before the PIN
    assert told.round is not None
    assert (told.round.code, told.round.citation, told.by_list) == (
        "not-competent",
        refused.answer["citation"],
        0,
    )
    (barred,) = told.barred
    assert (barred.refusal.code, named(world, barred)) == ("not-competent", {"culture.head": 1})
    head = await check(world, stock.id, "culture.head")
    assert (head.round, head.signable, head.by_list) == (None, (profile,), 1)


async def approved_all(world: World, months: Any, run: Any, stock: Any) -> None:
    command = await chosen(world, stock.id, who="culture.head")
    await run(months.approve_batch, batch(world, stock, command))
    await world.step("approvals_done", stock.id, subject="agency_month", round=str(command))


async def test_late_joiners_are_added_and_new_people_are_the_month_s(
    world: World, months: Any, run: Any
) -> None:
    first, second = await submitted(world, 1), await world.employ(until="declaration")
    await opened(world, months, run)
    stock = await month_of(world, world.culture, STOCK)
    await world.submit(second)
    new = await submitted(world, 3)
    await opened(world, months, run, "2026-02", FEBRUARY)
    items = await items_of(world, stock.id)
    assert {profile: item.state for profile, item in items.items()} == {first: "listed", second: "listed"}
    assert (await month_of(world, world.culture, STOCK)).listed == 2
    assert set(await items_of(world, (await month_of(world, world.culture, "2026-02")).id)) == {new}


async def test_after_a_list_is_worked_off_the_next_one_begins(world: World, months: Any, run: Any) -> None:
    await submitted(world, 1)
    late = await world.employ(until="declaration")
    await opened(world, months, run)
    stock = await month_of(world, world.culture, STOCK)
    await approved_all(world, months, run, stock)
    await world.rows("UPDATE month_items SET state = 'released' RETURNING profile_id")
    await world.step("close_month", stock.id, subject="agency_month")
    await world.submit(late)
    await opened(world, months, run, "2026-02", FEBRUARY)
    following = await month_of(world, world.culture, "2026-02-stock")
    assert set(await items_of(world, following.id)) == {late}
    assert [d.state for d in await duties(world)] == ["met", "open"]


async def test_the_next_month_carries_no_stock_over(world: World, months: Any, run: Any) -> None:
    await submitted(world, 1)
    await opened(world, months, run)
    await opened(world, months, run, "2026-02", FEBRUARY)
    assert (await month_of(world, world.culture, STOCK)).state == "open"
    overdue = await world.rows(
        "SELECT 1 FROM duties WHERE slot = 'whole_stock_approval' AND due_at IS NOT NULL"
    )
    assert overdue == []


async def test_a_kill_between_rows_and_act_loses_and_repeats_nothing(
    world: World, months: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = await submitted(world, 1)
    world.now = OPENING
    campaign = (await open_campaigns(world.tools, world.authority, OPENING)).own
    assert campaign is not None

    async def killed(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(type(campaign), "_act", killed)
        with pytest.raises(RuntimeError):
            await campaign.refresh(world.culture)
    assert await duties(world) == []
    await opened(world, months, run)
    stock = await month_of(world, world.culture, STOCK)
    assert set(await items_of(world, stock.id)) == {profile}
    assert len(await duties(world)) == 1


async def opened_by(world: World, who: str = "department", **more: Any) -> Any:
    body = OpenCampaign(document="15/QĐ-SNV", **more)
    return await world.ask(who, body, world.authority, subject="law")


async def listed_now(world: World, months: Any, run: Any) -> Any:
    await run(
        months.open_stock_lists,
        MonthStart(authority_id=world.authority, month="2026-01"),
        at=world.now,
    )
    rows = await world.rows("SELECT * FROM agency_months WHERE agency_id = :a", a=world.culture)
    return rows[0] if rows else None


async def test_the_department_opens_it_by_a_document_within_the_month(
    world: World, months: Any, run: Any
) -> None:
    profile = await submitted(world, 1)
    world.now += timedelta(hours=1)
    done = await opened_by(world)
    assert done.status == 201, done.answer
    assert (done.answer["rule_id"], done.answer["again"]) == ("phu_yen.art6.1", False)
    stock = await listed_now(world, months, run)
    assert (stock.month, set(await items_of(world, stock.id))) == (STOCK, {profile})
    assert len(await duties(world)) == 1
    told = await world.one("SELECT * FROM events WHERE kind = 'stock.campaign_opened'")
    assert (told.actor_id, told.actor_role) == (world.accounts["department"], "department_officer")
    assert told.facts["document"] == "15/QĐ-SNV"
    assert "Điều 6.1" in told.citation
    twice = await opened_by(world, "department.head")
    assert (twice.status, twice.answer["code"]) == (409, "wrong-state")
    # The month's own opening finds it open and repeats nothing.
    await opened(world, months, run)
    assert len(await world.rows("SELECT 1 FROM stock_campaigns")) == 1
    assert len(await duties(world)) == 1


@pytest.mark.parametrize("who", ["admin", "culture.head", "culture.hr"])
async def test_nobody_else_opens_it(world: World, who: str) -> None:
    refused = await opened_by(world, who)
    assert (refused.status, refused.answer["code"]) == (403, "not-permitted")
    assert (await opened_by(world)).status == 201, "whom the rule names may"


async def test_what_was_approved_before_is_signed_again_only_by_choice(
    world: World, months: Any, run: Any
) -> None:
    world.now = OPENING
    before = await world.employ()  # approved, before any campaign
    earlier = await world.one("SELECT approved_revision_id AS id FROM profiles WHERE id = :p", p=before)
    world.now += timedelta(hours=1)
    assert (await open_campaigns(world.tools, world.authority, world.now)).own is not None
    assert await listed_now(world, months, run) is None, "one that began by itself leaves them alone"
    taken_over = await opened_by(world, again=True)
    assert taken_over.status == 201, taken_over.answer
    for _ in range(2):  # told again after a kill it does nothing twice
        await listed_now(world, months, run)
    stock = await month_of(world, world.culture, STOCK)
    (item,) = (await items_of(world, stock.id)).values()
    assert (item.profile_id, item.state) == (before, "listed")
    revisions = await world.rows("SELECT * FROM revisions WHERE profile_id = :p ORDER BY number", p=before)
    assert [r.state for r in revisions] == ["approved", "submitted"]
    assert revisions[0].digest == revisions[1].digest
    assert revisions[0].author_id == revisions[1].author_id
    await approved_all(world, months, run, stock)
    signed = await world.one(
        "SELECT s.approver_role, s.revision_id FROM approvals s WHERE s.agency_month_id = :m", m=stock.id
    )
    assert (signed.approver_role, signed.revision_id) == ("head", revisions[1].id)
    now = await world.one("SELECT approved_revision_id AS id FROM profiles WHERE id = :p", p=before)
    assert now.id == revisions[1].id != earlier.id
    assert await listed_now(world, months, run) is not None
    assert len(await world.rows("SELECT 1 FROM revisions WHERE profile_id = :p", p=before)) == 2


async def test_who_has_begun_something_newer_is_left_alone(world: World, months: Any, run: Any) -> None:
    before = await world.employ()
    await world.draft(before, COMPLETE)
    world.now += timedelta(hours=1)
    assert (await opened_by(world, again=True)).status == 201
    assert await listed_now(world, months, run) is None
    moment = await world.step("submit_again", before)
    assert moment.status == 200
    row = await world.one("SELECT pending_revision_id AS id FROM profiles WHERE id = :p", p=before)
    assert row.id is None
