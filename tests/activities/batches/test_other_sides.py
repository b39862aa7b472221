"""The same month against another side: a packet of another shape, and one that takes few calls a second."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.batches.office import MonthOffice
from activities.national.adapter import open_gateway
from activities.national.mappings.loader import HERE
from activities.national.office import gateway_of
from models.messages import MonthStart
from tests.activities.batches.conftest import OPENING, batch, items_of, month_of, submitted
from tests.activities.batches.test_sending import approved, ready, settle, small_packets

__all__ = ["ready", "small_packets"]


@pytest.fixture
async def nested(months: MonthOffice) -> AsyncIterator[MonthOffice]:
    """The office where the installation names the second mapping, which is another service's."""
    settings = months.settings.model_copy(update={"national_mapping": HERE / "nested.yaml"})
    gateway = gateway_of(settings)
    assert gateway is not None
    yield dataclasses.replace(months, settings=settings, gateway=gateway)
    await gateway.close()


async def test_another_shape_goes_out_comes_back_and_its_refusal_finds_our_field(
    world, nested, run, emulator
) -> None:
    taken, refused = await submitted(world, 1, ethnicity="02"), await submitted(world, 2)
    for profile in (taken, refused):
        await approved(world, profile)
    world.now = OPENING
    await run(nested.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    month = await month_of(world, world.culture)
    emulator.faults(withdrawn_codes=["identity.ethnicity=DT01"])
    before = emulator.summary()
    assert (await run(nested.submit_batch, batch(world, month))).done == 2
    result = await settle(run, nested, batch(world, month))
    assert (result.done, result.refused) == (1, 1)
    assert emulator.summary()["writes"] - before["writes"] == 1
    items = await items_of(world, month.id)
    assert {profile: item.state for profile, item in items.items()} == {
        taken: "accepted",
        refused: "rejected",
    }
    assert items[refused].refusal == {"code": "CODE_UNKNOWN", "path": "ethnicity"}
    assert items[refused].reason.startswith("CODE_UNKNOWN Dân tộc: ")
    duty = await world.one("SELECT party, profile_id, facts FROM duties WHERE facts ? 'national'")
    assert (duty.party, duty.profile_id, duty.facts["path"]) == ("person", refused, "ethnicity")
    synced = await world.rows("SELECT id FROM profiles WHERE synced_revision_id IS NOT NULL")
    assert [row.id for row in synced] == [taken]
    told = await world.rows("SELECT refused FROM national_units")
    assert told, "the tree goes in this shape, too"
    assert {unit.refused for unit in told} == {None}


async def as_allowed(call: Callable[[int], Awaitable[Any]]) -> tuple[Any, list[str | None]]:
    """A batch's answer as the engine would get it at last, and what it had to ask again for."""
    waits: list[str | None] = []
    for attempt in range(1, 60):
        try:
            return await call(attempt), waits
        except ApplicationError as error:
            waits.append(error.type)
        await asyncio.sleep(0.25)  # the engine would wait as long as it was told to
    raise AssertionError("never through")


async def test_one_that_takes_few_calls_a_second_gets_everything_once(
    world, ready, months, run, emulator
) -> None:
    month, people = ready
    before = emulator.summary()
    emulator.faults(calls_per_second=1)
    with pytest.raises(ApplicationError) as crowded:  # two packets and the tree are three calls
        await run(months.submit_batch, batch(world, month))
    assert (crowded.value.type, crowded.value.next_retry_delay) == ("UnreachableError", timedelta(seconds=2))

    # A limit of our own, a call below theirs since their seconds are not ours: all lanes share it.
    emulator.faults(calls_per_second=6)
    refused = emulator.summary()["fault_counts"]["crowded"]
    paced = dataclasses.replace(months.gateway._connection, calls_per_second=5)
    began = time.monotonic()
    async with open_gateway(paced) as gateway:
        sent = await run(dataclasses.replace(months, gateway=gateway).submit_batch, batch(world, month))
    assert sent.done == len(people)
    assert time.monotonic() - began >= 0.4, "a token, a packet and the tree at least: two waits"
    assert emulator.summary()["fault_counts"]["crowded"] == refused

    emulator.faults(calls_per_second=1)
    received, waits = await as_allowed(lambda n: run(months.await_receipts, batch(world, month), attempt=n))
    assert (received.done, received.refused) == (3, 0)
    assert "UnreachableError" in waits, "two packets, each asked about twice"
    after = emulator.summary()
    assert after["writes"] - before["writes"] == len(people)
    assert after["packets"] - before["packets"] == 2
