"""NĐ 27/2026 beside Hà Nội's law: what is approved goes out by itself, the month's end finds nothing left."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from temporalio.client import Client

from activities.batches.office import MonthOffice
from api.clock import SystemClock
from api.commands import Engine
from api.relay import Relay
from models.commands import ReleaseMonth, SubmitDeclaration
from models.database import engine_for, transaction
from models.identifiers import agency_month_workflow
from models.messages import MonthStart
from models.record.load import content_of
from models.regulations import in_force
from tests.activities.batches.conftest import OPENING, batch, chosen, items_of, month_of, submitted
from tests.activities.batches.test_rounds import until, working
from tests.activities.batches.test_sending import approved, settle
from tests.world import World, build, tools_for

EVENT = "2026-01-event"
DAY = timedelta(days=1)


@pytest.fixture
async def world(database: Any, tmp_path: Path, request: Any) -> AsyncIterator[World]:
    """Both layers in force; the department's gate where asked."""
    engine = engine_for(database.url("worker"), pool_size=8)
    law = in_force("hanoi", date(2026, 1, 20), simulate=["nd27_2026"])
    law = law.replace("hanoi.art14.2", position=getattr(request, "param", "after"))
    yield await build(tools_for(engine, tmp_path), datetime(2026, 1, 20, 3, 0, tzinfo=UTC), law=law)
    await engine.dispose()


async def duties(world: World, profile: UUID) -> list[Any]:
    sql = (
        "SELECT * FROM duties WHERE profile_id = :p AND slot LIKE 'event_sync%' ORDER BY opened_at,"
        " (facts ->> 'revision')::int"
    )
    return await world.rows(sql, p=profile)


async def again(world: World, profile: UUID) -> None:
    """The same person declares a change, which is approved beside any list."""
    row = await world.one("SELECT approved_revision_id AS id FROM profiles WHERE id = :p", p=profile)
    async with transaction(world.tools.engine, world.scope) as connection:
        content = await content_of(connection, world.tools, world.authority, row.id)
    revision, digest = await world.draft(profile, content, evidence=("e" * 64,))
    body = SubmitDeclaration(revision_id=revision, digest=digest, changed_on=world.now.date())
    done = await world.ask(str(profile), body, profile)
    assert done.status == 200, done.answer
    await world.sign(profile)


async def sent(world: World, months: MonthOffice, run: Any, name: str = EVENT) -> Any:
    """One round of the running list: what waits goes out, what went out comes back."""
    running = await month_of(world, world.culture, name)
    done = await run(months.submit_batch, batch(world, running), at=world.now)
    await settle(run, months, batch(world, running))
    return done


async def opened(world: World, months: MonthOffice, run: Any) -> Any:
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    return await month_of(world, world.culture)


@pytest.mark.rule("nd27.art19.system")
async def test_what_was_declared_here_is_owed_within_a_day_and_goes_out_by_itself(
    world: World, months: MonthOffice, run: Any, emulator: Any
) -> None:
    profile = await submitted(world, 1)
    await approved(world, profile)
    (duty,) = await duties(world, profile)
    assert (duty.slot, duty.state, duty.due_on) == ("event_sync_system", "open", date(2026, 1, 21))
    assert duty.citation.startswith("NĐ 27/2026/NĐ-CP, Điều 19")
    assert (duty.party, duty.agency_id) == ("administrator", world.department)
    assert await world.rows("SELECT 1 FROM notices WHERE duty_id = :d", d=duty.id) == [], "nobody has to act"
    running = await month_of(world, world.culture, EVENT)
    assert (running.kind, running.state, running.listed) == ("event", "open", 1)
    line = await world.one(
        "SELECT payload FROM outbox WHERE workflow_id = :w", w=agency_month_workflow(world.culture, EVENT)
    )
    assert line.payload == {"month": str(running.id)}
    packets = emulator.summary()["packets"]
    assert (await sent(world, months, run)).done == 1
    (duty,) = await duties(world, profile)
    assert (duty.state, duty.late_days, duty.met_on) == ("met", 0, date(2026, 1, 20))
    # The month's end finds nothing left, and a second round sends nothing.
    assert (await opened(world, months, run)).listed == 0
    assert (await sent(world, months, run)).done == 0
    assert emulator.summary()["packets"] == packets + 1


@pytest.mark.rule("nd27.art19.agency")
async def test_what_an_agency_brought_in_is_owed_within_three_working_days(world: World) -> None:
    profile = await submitted(world, 1)
    # As an agency that entered the form for the person leaves it: the agency's account is its author.
    hr = world.accounts["culture.hr"]
    await world.rows(
        "UPDATE revisions SET author_id = :hr WHERE profile_id = :p RETURNING id", hr=hr, p=profile
    )
    await approved(world, profile)
    (duty,) = await duties(world, profile)
    assert (duty.slot, duty.due_on) == ("event_sync_agency", date(2026, 1, 23))
    assert (duty.party, duty.agency_id) == ("hr_officer", world.museum)


@pytest.mark.rule("nd27.art19.system")
async def test_on_an_open_month_s_list_both_clocks_run_and_it_is_sent_once(
    world: World, months: MonthOffice, run: Any, emulator: Any
) -> None:
    profile = await submitted(world, 1)
    month = await opened(world, months, run)
    command = await chosen(world, month.id)
    assert (await run(months.approve_batch, batch(world, month, command))).done == 1
    (duty,) = await duties(world, profile)
    window = await world.one(
        "SELECT due_on FROM duties WHERE slot = 'sync_window' AND agency_month_id = :m", m=month.id
    )
    assert duty.due_on == date(2026, 1, 28) < window.due_on
    assert await world.rows("SELECT 1 FROM agency_months WHERE kind = 'event'") == []
    packets = emulator.summary()["packets"]
    await sent(world, months, run, "2026-01")
    assert [d.state for d in await duties(world, profile)] == ["met"]
    assert emulator.summary()["packets"] == packets + 1


@pytest.mark.rule("nd27.art19.system")
async def test_approved_again_before_it_went_out_only_the_newer_goes(
    world: World, months: MonthOffice, run: Any
) -> None:
    profile = await submitted(world, 1)
    await approved(world, profile)
    world.now += DAY
    await again(world, profile)
    running = await month_of(world, world.culture, EVENT)
    (item,) = (await items_of(world, running.id)).values()
    newest = await world.one("SELECT approved_revision_id AS id FROM profiles WHERE id = :p", p=profile)
    assert (item.state, item.revision_id) == ("approved", newest.id)
    assert [d.due_on for d in await duties(world, profile)] == [date(2026, 1, 21), date(2026, 1, 22)]
    await sent(world, months, run)
    assert [d.state for d in await duties(world, profile)] == ["met", "met"]


async def test_approved_while_a_packet_is_under_way_it_follows_the_receipt(
    world: World, months: MonthOffice, run: Any, emulator: Any
) -> None:
    profile = await submitted(world, 1)
    await approved(world, profile)
    running = await month_of(world, world.culture, EVENT)
    await run(months.submit_batch, batch(world, running), at=world.now)
    await again(world, profile)
    (item,) = (await items_of(world, running.id)).values()
    assert item.state == "sent", "the packet's own item is left alone"
    await settle(run, months, batch(world, running))
    (item,) = (await items_of(world, running.id)).values()
    assert item.state == "approved"
    assert [d.state for d in await duties(world, profile)] == ["met", "open"]
    await sent(world, months, run)
    assert [d.state for d in await duties(world, profile)] == ["met", "met"]
    held = await world.one(
        "SELECT approved_revision_id = synced_revision_id AS same FROM profiles WHERE id = :p", p=profile
    )
    assert held.same


async def test_what_the_other_side_refused_stays_owed_and_is_not_sent_again_by_itself(
    world: World, months: MonthOffice, run: Any, emulator: Any
) -> None:
    profile = await submitted(world, 1)
    await approved(world, profile)
    running = await month_of(world, world.culture, EVENT)
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(text("UPDATE month_items SET state = 'rejected', reason = 'X'"))
    packets = emulator.summary()["packets"]
    await sent(world, months, run)
    assert [d.state for d in await duties(world, profile)] == ["open"]
    assert emulator.summary()["packets"] == packets
    await again(world, profile)
    await sent(world, months, run)
    assert [d.state for d in await duties(world, profile)] == ["met", "met"]
    assert (await items_of(world, running.id))[profile].state == "accepted"


async def test_the_month_s_opening_leaves_the_running_list_alone_and_has_it_tried_again(
    world: World, months: MonthOffice, run: Any
) -> None:
    await approved(world, await submitted(world, 1))
    assert (await opened(world, months, run)).listed == 0
    lines = await world.rows("SELECT 1 FROM outbox WHERE workflow_id LIKE '%-event'")
    assert len(lines) == 2, "once when it joined, once at the opening"


async def test_where_no_law_asks_for_it_nothing_is_sent_before_the_month_s_end(world: World) -> None:
    law = in_force("hanoi", date(2026, 1, 20))
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("INSERT INTO rule_sets VALUES (:a, :h, '2026-01-20', CAST(:c AS jsonb), 'trở lại', :now)"),
            {"a": world.authority, "h": law.hash, "c": law.to_json(), "now": world.now},
        )
    profile = await submitted(world, 1)
    await approved(world, profile)
    assert await duties(world, profile) == []
    assert await world.rows("SELECT 1 FROM agency_months") == []


@pytest.mark.rule("nd27.art19.system")
@pytest.mark.parametrize("world", ["before_outgoing_call"], indirect=True)
async def test_the_list_s_own_workflow_passes_the_gate_sends_closes_and_opens_again(
    world: World, months: MonthOffice, client: Client, database: Any, settings: Any, emulator: Any
) -> None:
    relay = Relay(
        Engine(client, settings.task_queue, world.tools),
        world.tools.engine,
        SystemClock(),
        database.libpq_url("worker"),
    )
    profile = await submitted(world, 1)
    packets = emulator.summary()["packets"]

    async def stands(state: str) -> bool:
        return bool((await month_of(world, world.culture, EVENT)).state == state)

    async with working(client, world, months, months.submit_batch, months.await_receipts):
        for n in range(2):
            await (again if n else approved)(world, profile)
            await world.rows("UPDATE commands SET heard_at = now() RETURNING id")  # by no engine in this test
            await relay.once()
            await until(lambda: stands("gate"))
            assert emulator.summary()["packets"] == packets + n, "nothing goes out before the gate"
            running = await month_of(world, world.culture, EVENT)
            done = await world.ask("department", ReleaseMonth(), running.id, subject="agency_month")
            assert done.status == 200, done.answer
            await client.get_workflow_handle(agency_month_workflow(world.culture, EVENT)).signal("heard")
            await until(lambda: stands("closed"))
    assert emulator.summary()["packets"] == packets + 2
    assert [d.state for d in await duties(world, profile)] == ["met", "met"]
    told = await world.rows(
        "SELECT kind, rule_id FROM events WHERE stream_id = :m AND kind LIKE 'month.%' ORDER BY number",
        m=running.id,
    )
    once = ["month.gate_opened", "month.released", "month.submitted", "month.receipts", "month.closed"]
    assert [row.kind for row in told] == once * 2
    assert {row.rule_id for row in told if row.kind == "month.submitted"} == {"nd27.art19.system"}
