"""The department before the outgoing call: only what it has cleared is sent, however it was approved."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from models.commands import ReleaseMonth, SendBackItems, SubmitDeclaration
from models.database import engine_for, transaction
from models.messages import MonthStart
from models.record.load import content_of
from models.regulations import in_force
from tests.activities.batches.conftest import OPENING, batch, items_of, month_of, submitted
from tests.activities.batches.test_sending import approved, settle
from tests.world import World, build, tools_for

WHY = "thiếu quyết định nâng lương"


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


async def send_back(world: World, month: Any, profile: UUID, *fields: str) -> None:
    body = SendBackItems(profiles=(profile,), reason=WHY, fields=fields)
    done = await world.ask("department.head", body, month.id, subject="agency_month")
    assert done.status == 200, done.answer


async def told(world: World, profile: UUID) -> list[Any]:
    """What the profile's own workflow asks when the line of the outbox is said; what is owed after it."""
    sql = "SELECT 1 FROM outbox WHERE workflow_id = :w AND sent_at IS NULL"
    assert await world.rows(sql, w=f"profile/{profile}"), "somebody is told"
    await world.step("look", profile)
    return await owed(world, profile)


async def owed(world: World, profile: UUID) -> list[Any]:
    sql = "SELECT * FROM duties WHERE profile_id = :p AND facts ? 'sent_back' ORDER BY opened_at"
    return await world.rows(sql, p=profile)


async def next_month(world: World, months: Any, run: Any, number: int) -> Any:
    """The list of February or March, opened in its time."""
    world.now = datetime(2026, number, 23 if number == 2 else 26, 17, 5, tzinfo=UTC)
    name = f"2026-{number:02}"
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month=name), at=world.now)
    return await month_of(world, world.culture, name)


async def test_what_is_sent_back_before_the_call_is_owed_and_stays_back_until_it_is_mended(
    world, month, months, run
) -> None:
    waiting = [p for p, item in (await items_of(world, month.id)).items() if item.state == "approved"]
    back, other = sorted(waiting)
    await step(world, month, "gate_opens")
    await send_back(world, month, back, "ethnicity")
    (duty,) = await told(world, back)
    assert (duty.slot, duty.party, duty.state, duty.returned) == (
        "update_after_change",
        "person",
        "open",
        True,
    )
    assert duty.facts["fields"] == ["ethnicity"]
    assert await owed(world, other) == []
    said = await world.one(
        "SELECT returned_fields FROM revisions r JOIN profiles p ON p.approved_revision_id = r.id"
        " WHERE p.id = :p",
        p=back,
    )
    assert said.returned_fields == [{"path": "ethnicity", "reason": WHY}, {"reason": WHY}]
    await world.step("look", back)
    assert len(await owed(world, back)) == 1, "looked at again, nothing more is asked"

    following = await next_month(world, months, run, 2)
    item = (await items_of(world, following.id))[back]
    assert (item.state, item.reason, item.refusal) == ("sent_back", WHY, {"fields": ["ethnicity"]})
    assert following.listed == 2, "what stays back is nobody's to approve or send"
    assert (await step(world, following, "look")).at_gate == 1
    await world.step("look", back)
    assert len(await owed(world, back)) == 1, "carried to the next list, it is not asked for anew"

    before = await world.one("SELECT approved_revision_id AS id FROM profiles WHERE id = :p", p=back)
    async with transaction(world.tools.engine, world.scope) as connection:
        content = await content_of(connection, world.tools, world.authority, before.id)
    changed = {**content, "contact_phone": "0900000002"}
    revision, digest = await world.draft(back, changed, evidence=("e" * 64,))
    sent = await world.ask(str(back), SubmitDeclaration(revision_id=revision, digest=digest), back)
    assert sent.status == 200, sent.answer
    assert [d.state for d in await owed(world, back)] == ["met"]
    await approved(world, back)
    march = await next_month(world, months, run, 3)
    item = (await items_of(world, march.id))[back]
    assert (item.state, item.reason, item.refusal) == ("approved", None, None)


async def test_a_list_of_what_stays_back_alone_is_over_at_once(world, month, months, run) -> None:
    await step(world, month, "gate_opens")
    for profile, item in (await items_of(world, month.id)).items():
        if item.state == "approved":
            await send_back(world, month, profile)
        else:
            await world.rows("UPDATE profiles SET chapter = 'archive' WHERE id = :p RETURNING id", p=profile)
    following = await next_month(world, months, run, 2)
    assert (following.state, following.listed) == ("closed", 0)
    assert await states(world, following) == ["sent_back", "sent_back"]
    assert not await world.rows("SELECT 1 FROM duties WHERE agency_month_id = :m", m=following.id)


async def test_what_is_sent_back_after_the_call_is_owed_too(world, month, run, months) -> None:
    await world.rows("UPDATE agency_months SET gate = 'after' WHERE id = :m RETURNING id", m=month.id)
    assert (await run(months.submit_batch, batch(world, month))).done == 2
    await settle(run, months, batch(world, month))
    assert (await step(world, month, "receipts")).chapter == "gate"
    back = next(p for p, item in (await items_of(world, month.id)).items() if item.state == "accepted")
    await send_back(world, month, back)
    (duty,) = await told(world, back)
    assert (duty.party, duty.facts["fields"], duty.returned) == ("hr_officer", [], True)
    following = await next_month(world, months, run, 2)
    assert back not in await items_of(world, following.id), "what they hold is not sent again by itself"


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
