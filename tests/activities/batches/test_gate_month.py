"""The same month in virtual time with the gate before the outgoing call: approve, clear, send, receive."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client

from models.commands import ApproveList, ReleaseMonth, SendBackItems
from tests.activities.batches.conftest import items_of, month_of, submitted
from tests.activities.batches.test_whole_month import (
    advance,
    ask,
    begun,
    client,
    month_end_state,
    month_state,
    passing,
    standing,
    until,
    working,
    world,
)
from tests.world import World

__all__ = ["client", "working", "world"]


@pytest.mark.parametrize("world", ["before_outgoing_call"], indirect=True)
async def test_a_month_whose_gate_stands_before_the_outgoing_call(
    client: Client, world: World, working: None, settings: Any, emulator: Any
) -> None:
    people = [await submitted(world, n) for n in range(1, 4)]
    month, window, _ = await begun(client, world, settings.task_queue)
    await advance(client, window.opens_at + timedelta(minutes=5))
    await until(lambda: month_end_state(world, month, "opened"))
    culture = await month_of(world, world.culture, month)
    packets = emulator.summary()["packets"]

    async def asked(who: str, body: Any) -> Any:
        return await ask(client, world, settings.task_queue, who, body, culture)

    early = await asked("department", ReleaseMonth())
    assert (early.status, early.answer["code"]) == (409, "wrong-state"), early.answer
    assert (await asked("culture.approver", ApproveList())).status == 202
    await passing(client, lambda: month_state(world, culture.id, "gate"))
    assert {i.state for i in (await items_of(world, culture.id)).values()} == {"approved"}
    assert emulator.summary()["packets"] == packets, "nothing goes out before the gate"
    told = await world.one("SELECT agency_id, role, facts FROM notices WHERE kind = 'gate_waiting'")
    assert (told.agency_id, told.role, told.facts["items"]) == (world.department, "department_officer", 3)
    refused = await asked("culture.approver", ReleaseMonth())
    assert (refused.status, refused.answer["code"]) == (403, "not-permitted"), refused.answer
    back = SendBackItems(profiles=(people[0],), reason="Chưa có quyết định")
    assert (await asked("department", back)).status == 200
    assert (await asked("department", ReleaseMonth())).status == 200
    await passing(client, lambda: standing(world, culture.id, {"released": 2, "sent_back": 1}))
    await passing(client, lambda: month_state(world, culture.id, "closed"))
    assert emulator.summary()["packets"] == packets + 1
    synced = await world.rows("SELECT id FROM profiles WHERE synced_revision_id IS NOT NULL ORDER BY id")
    assert [row.id for row in synced] == sorted(people[1:])
    kinds = [
        row.kind
        for row in await world.rows(
            "SELECT kind FROM events WHERE stream_id = :m AND kind LIKE 'month.%' ORDER BY number",
            m=culture.id,
        )
    ]
    assert kinds == [
        "month.opened",
        "month.sent_back",
        "month.released",
        "month.submitted",
        "month.receipts",
        "month.closed",
    ]
