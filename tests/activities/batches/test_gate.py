"""The department before the outgoing call: only what it has cleared is sent, however it was approved."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.commands import ReleaseMonth, SendBackItems
from models.database import engine_for
from models.messages import MonthStart
from models.regulations import in_force
from tests.activities.batches.conftest import OPENING, batch, items_of, month_of, submitted
from tests.activities.batches.test_sending import approved, settle
from tests.world import World, build, tools_for


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    """An authority whose department approves before anything goes out, by its head's signature."""
    engine = engine_for(database.url("worker"), pool_size=8)
    law = in_force("hanoi", OPENING.date()).replace(
        "hanoi.art14.2", position="before_outgoing_call", signature="head_digital"
    )
    yield await build(tools_for(engine, tmp_path), datetime(2026, 1, 20, 3, 0, tzinfo=UTC), law=law)
    await engine.dispose()


@pytest.fixture
async def month(world: World, months: Any, run: Any) -> Any:
    """Culture's list: two approved before it was opened, one that waits for its approver."""
    early = [await submitted(world, n) for n in range(1, 4)]
    for profile in early[:2]:
        await approved(world, profile)
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    return await month_of(world, world.culture)


async def states(world: World, month: Any) -> list[str]:
    return sorted(item.state for item in (await items_of(world, month.id)).values())


async def step(world: World, month: Any, internal: Any, **facts: Any) -> Any:
    return await world.step(internal, month.id, subject="agency_month", **facts)


def profiles_there(emulator: Any) -> dict[str, Any]:
    """What the other side holds, without the tree of agencies, which waits at no gate."""
    counts: dict[str, Any] = emulator.summary()
    return {name: counts[name] for name in ("packets", "sendings", "items", "records", "writes")}


async def test_only_what_was_cleared_goes_out(world, month, months, run, emulator) -> None:
    assert month.gate == "before_outgoing_call"
    looked = await step(world, month, "look")
    assert (looked.to_send, looked.at_gate, looked.left) == (0, 2, 3)
    before = profiles_there(emulator)
    assert (await run(months.submit_batch, batch(world, month))).done == 0
    assert profiles_there(emulator) == before
    put = await step(world, month, "gate_opens")
    assert (put.chapter, put.at_gate) == ("gate", 0)
    told = await world.rows("SELECT role, facts FROM notices WHERE kind = 'gate_waiting'")
    assert [(n.role, n.facts["items"]) for n in told] == [("department_head", 2)]
    assert (await step(world, month, "gate_opens")).version == put.version, "told once"

    officer = await world.ask("department", ReleaseMonth(), month.id, subject="agency_month")
    assert (officer.status, officer.answer["code"]) == (403, "not-competent")
    assert "14.2" in officer.answer["citation"]
    cleared = await world.ask("department.head", ReleaseMonth(), month.id, subject="agency_month")
    assert (cleared.status, cleared.answer) == (200, {"released": 2})
    assert (world.moment.to_send, world.moment.at_gate, world.moment.left) == (2, 0, 3)
    assert await states(world, month) == ["cleared", "cleared", "listed"]
    event = await world.one("SELECT facts, citation FROM events WHERE kind = 'month.released'")
    assert (event.facts["signature"], event.facts["gate"]) == ("head_digital", "before_outgoing_call")

    # Approved while the packet is under way: it waits for its own turn at the gate.
    sent = await run(months.submit_batch, batch(world, month))
    assert sent.done == 2
    (last,) = [p for p, item in (await items_of(world, month.id)).items() if item.state == "listed"]
    await approved(world, last)
    assert await states(world, month) == ["approved", "sent", "sent"]
    assert (await step(world, month, "gate_opens")).chapter == "gate"
    submitting = await step(world, month, "submitted", tran_code=sent.tran_code, items=2)
    assert (submitting.chapter, submitting.awaiting) == ("gate", 2)
    await settle(run, months, batch(world, month))
    received = await step(world, month, "receipts")
    assert (received.chapter, received.left) == ("gate", 1)
    assert await states(world, month) == ["approved", "released", "released"]

    back = SendBackItems(profiles=(last,), reason="thiếu quyết định")
    done = await world.ask("department.head", back, month.id, subject="agency_month")
    assert (done.status, world.moment.left, world.moment.chapter) == (200, 0, "open")
    assert (await step(world, month, "close_month")).chapter == "closed"
    row = await world.one("SELECT summary FROM agency_months WHERE id = :m", m=month.id)
    assert row.summary == {"left": 0, "released": 2, "sent_back": 1}


async def test_what_did_not_pass_stands_on_the_next_list(world, month, months, run) -> None:
    await step(world, month, "gate_opens")
    closed = await step(world, month, "close_month")
    assert closed.chapter == "closed"
    late = await world.ask("department.head", ReleaseMonth(), month.id, subject="agency_month")
    assert (late.status, late.answer["code"]) == (409, "wrong-state")
    world.now = datetime(2026, 2, 23, 17, 5, tzinfo=UTC)
    await run(
        months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-02"), at=world.now
    )
    following = await month_of(world, world.culture, "2026-02")
    assert await states(world, following) == ["approved", "approved", "listed"]
    assert (await step(world, following, "look")).at_gate == 2


async def test_a_list_that_was_opened_before_the_law_changed_ends_as_it_began(
    world, month, run, months
) -> None:
    await world.rows("UPDATE agency_months SET gate = 'after' WHERE id = :m RETURNING id", m=month.id)
    assert (await step(world, month, "look")).to_send == 2
    assert (await run(months.submit_batch, batch(world, month))).done == 2
    await settle(run, months, batch(world, month))
    assert (await step(world, month, "receipts")).chapter == "gate"
    done = await world.ask("department.head", ReleaseMonth(), month.id, subject="agency_month")
    assert done.status == 200
    assert await states(world, month) == ["listed", "released", "released"]
