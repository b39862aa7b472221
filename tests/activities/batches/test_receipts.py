"""Receipts when answers are lost: one keeps no other waiting, several in a row mean that nobody is there."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.batches import sending
from tests.activities.batches.conftest import batch
from tests.activities.batches.test_sending import ready, small_packets

__all__ = ["ready", "small_packets"]


async def test_one_lost_answer_keeps_no_other_packet_waiting(world, ready, months, run, emulator) -> None:
    month, _ = ready
    emulator.faults(settle_polls=1)
    await run(months.submit_batch, batch(world, month))
    emulator.faults(server_error_next=1)
    with pytest.raises(ApplicationError) as waits:
        await run(months.await_receipts, batch(world, month), attempt=7, details=(6,))
    states = [row.state for row in await world.rows("SELECT state FROM submissions")]
    assert sorted(states) == ["sent", "settled"]
    # Something got through, so the other side is there: soon again, however many attempts there were.
    assert (waits.value.type, waits.value.next_retry_delay) == ("receipts-pending", timedelta(seconds=2))
    assert (await run(months.await_receipts, batch(world, month))).done == 3
    assert await world.rows("SELECT 1 FROM submissions WHERE state <> 'settled'") == []


async def test_three_lost_answers_in_a_row_are_the_other_sides_absence(
    world, ready, months, run, emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    month, _ = ready
    monkeypatch.setattr(sending, "PACKET", 1)
    await run(months.submit_batch, batch(world, month))
    emulator.faults(server_error_next=9)
    with pytest.raises(ApplicationError) as waits:
        await run(months.await_receipts, batch(world, month), attempt=9, details=(2,))
    assert (waits.value.type, waits.value.next_retry_delay) == ("UnreachableError", timedelta(seconds=8))
    assert emulator.admin("GET", "/faults")["server_error_next"] == 6


async def test_attempts_that_died_with_their_worker_or_got_on_lengthen_no_wait(
    world, ready, months, run, emulator
) -> None:
    """The engine is at its twelfth attempt; what counts is that none before it failed in vain."""
    month, _ = ready
    emulator.faults(server_error_next=3)
    with pytest.raises(ApplicationError) as waits:
        await run(months.submit_batch, batch(world, month), attempt=12, details=(0, "T-1"))
    assert (waits.value.type, waits.value.next_retry_delay) == ("UnreachableError", timedelta(seconds=2))
    await run(months.submit_batch, batch(world, month), attempt=13, details=(1,))
    emulator.faults(settle_polls=2)
    with pytest.raises(ApplicationError) as pending:
        await run(months.await_receipts, batch(world, month), attempt=12)
    assert (pending.value.type, pending.value.next_retry_delay) == ("receipts-pending", timedelta(seconds=2))


async def test_a_look_asks_once_writes_what_is_there_and_waits_for_nothing(
    world, ready, months, run, emulator
) -> None:
    month, _ = ready
    emulator.faults(settle_polls=2)
    await run(months.submit_batch, batch(world, month))
    glance = batch(world, month).model_copy(update={"glance": True})
    assert (await run(months.await_receipts, glance)).done == 0
    # Lost with its worker after it wrote: the same look counts the same items, by rows.
    later = glance.model_copy(update={"now": glance.now + timedelta(minutes=1)})
    seen = [(await run(months.await_receipts, later, attempt=n)).done for n in (1, 2)]
    assert seen == [3, 3]
    assert (await run(months.await_receipts, batch(world, month))).done == 3


async def test_a_look_does_not_wait_for_the_other_side_to_come_back(
    world, ready, months, run, emulator
) -> None:
    month, _ = ready
    await run(months.submit_batch, batch(world, month))
    emulator.faults(server_error_next=9)
    glance = batch(world, month).model_copy(update={"glance": True})
    assert (await run(months.await_receipts, glance)).done == 0
    assert await world.rows("SELECT 1 FROM submissions WHERE state <> 'sent'") == []


async def test_a_share_whose_attempts_are_lost_ends_like_any_other(world, ready, months, run) -> None:
    month, _ = ready
    share = batch(world, month).model_copy(update={"most": 2})
    first = await run(months.submit_batch, share)
    # The worker died before it could say so: what went out by then is counted by rows.
    again = await run(months.submit_batch, share, attempt=2)
    assert [(one.done, one.more) for one in (first, again)] == [(2, True), (2, True)]
    assert (await run(months.submit_batch, share)).done == 3
