"""The other side at its worst: nothing accepted is lost, nothing happens twice, every failure has a name."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from activities.national.adapter import (
    BadAnswerError,
    Difference,
    ItemStatus,
    KeyRevokedError,
    MaintenanceError,
    PacketItem,
    PacketUnknownError,
    UnreachableError,
    open_gateway,
    read_key_file,
    tran_code_for,
)
from activities.national.service import difference, poll_receipts, submit_packet, to_send
from tests.activities.national.contract import HANOI, MINISTRY, settle


def packet(mapping, people) -> tuple[str, list[PacketItem]]:
    """Items of some people and the code they are sent under."""
    items = [mapping.item(one.content, one.header) for one in people]
    return tran_code_for("fault", tuple(items)), items


class TestUnknownFate:
    @pytest.mark.parametrize(
        ("fault", "error"), [("done_but_time_out", UnreachableError), ("done_but_broken", BadAnswerError)]
    )
    async def test_done_but_not_answered_then_sent_again_is_done_once(
        self, gateway, hasty, mapping, person, emulator, fault: str, error: type[Exception]
    ) -> None:
        code, items = packet(mapping, [person(), person()])
        before = emulator.summary()
        emulator.faults(**{f"{fault}_next": 1}, hang_seconds=0.8)
        with pytest.raises(error):
            await submit_packet(hasty, HANOI, MINISTRY, code, items)
        again = await submit_packet(gateway, HANOI, MINISTRY, code, items)
        assert [one.status for one in again.items] == [ItemStatus.PENDING] * 2
        await poll_receipts(gateway, code)
        assert {one.status for one in await poll_receipts(gateway, code)} == {ItemStatus.ACCEPTED}
        after = emulator.summary()
        assert (after["packets"] - before["packets"], after["sendings"] - before["sendings"]) == (1, 2)
        assert after["writes"] - before["writes"] == 2

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [("time_out", "timeout"), ("server_error", "http 500"), ("cut", "connection lost")],
    )
    async def test_not_done_is_found_out_by_asking(
        self, gateway, hasty, mapping, person, emulator, fault: str, reason: str
    ) -> None:
        code, items = packet(mapping, [person()])
        emulator.faults(**{f"{fault}_next": 1}, hang_seconds=0.8)
        with pytest.raises(UnreachableError) as lost:
            await submit_packet(hasty, HANOI, MINISTRY, code, items)
        assert lost.value.reason == reason
        with pytest.raises(PacketUnknownError):
            await poll_receipts(gateway, code)
        assert (await submit_packet(gateway, HANOI, MINISTRY, code, items)).sent

    async def test_slow_is_not_lost(self, gateway, mapping, person, emulator) -> None:
        code, items = packet(mapping, [person()])
        emulator.faults(slow_seconds=0.4)
        started = time.monotonic()
        assert (await submit_packet(gateway, HANOI, MINISTRY, code, items)).sent
        assert time.monotonic() - started >= 0.4

    async def test_a_storm_of_faults_loses_nothing_and_doubles_nothing(
        self, gateway, mapping, person, emulator
    ) -> None:
        people = [person() for _ in range(25)]
        before = emulator.summary()
        emulator.faults(
            server_error_percent=25, done_but_broken_percent=25, settle_polls=1, token_seconds=3600
        )

        async def stubborn(one: PacketItem) -> None:
            code = tran_code_for("storm", (one,))
            while True:
                try:
                    await submit_packet(gateway, HANOI, MINISTRY, code, [one])
                    (result,) = await poll_receipts(gateway, code)
                except (UnreachableError, BadAnswerError):
                    continue
                assert result.status is ItemStatus.ACCEPTED
                return

        _, items = packet(mapping, people)
        await asyncio.gather(*(stubborn(one) for one in items))
        emulator.admin("DELETE", "/faults")
        after = emulator.summary()
        assert after["writes"] - before["writes"] == after["packets"] - before["packets"] == 25
        for kind in ("server_error", "done_but_broken"):
            assert after["fault_counts"].get(kind, 0) > before["fault_counts"].get(kind, 0)
        assert {one.state for one in await difference(gateway, items)} == {Difference.UNCHANGED}


class TestRefusedShare:
    async def test_refused_items_are_named_and_go_through_once_the_fault_is_gone(
        self, gateway, mapping, person, emulator
    ) -> None:
        emulator.faults(refuse_percent=50)
        _, items = packet(mapping, [person() for _ in range(30)])
        results = await settle(gateway, items)
        refused = {one.key for one in results if one.status is ItemStatus.REJECTED}
        assert {one.code for one in results} == {"", "REFUSED"}
        emulator.faults(refuse_percent=0)
        due = to_send(items, await difference(gateway, items))
        assert {item.key for item in due} == refused
        assert {one.status for one in await settle(gateway, due, turn="2")} == {ItemStatus.ACCEPTED}


class TestMaintenance:
    async def test_a_maintenance_night_says_until_when(self, gateway, emulator) -> None:
        until = datetime.now(UTC) + timedelta(hours=5)
        emulator.faults(maintenance_until=until.isoformat())
        with pytest.raises(MaintenanceError) as closed:
            await poll_receipts(gateway, "some-packet")
        assert abs(closed.value.until - until) < timedelta(seconds=3)
        assert abs(closed.value.retry_after - timedelta(hours=5)) < timedelta(seconds=3)

    async def test_it_also_interrupts_a_session_and_ends_by_itself(self, gateway, emulator) -> None:
        with pytest.raises(PacketUnknownError):
            await poll_receipts(gateway, "some-packet")
        until = datetime.now(UTC) + timedelta(seconds=0.5)
        emulator.faults(maintenance_until=until.isoformat())
        with pytest.raises(MaintenanceError):
            await poll_receipts(gateway, "some-packet")
        await asyncio.sleep(0.5)
        with pytest.raises(PacketUnknownError):
            await poll_receipts(gateway, "some-packet")


class TestKeys:
    async def test_a_revoked_pair_has_its_own_error_and_no_retry_loop(
        self, gateway, mapping, emulator
    ) -> None:
        emulator.faults(keys_revoked=True)
        before = emulator.summary()["tokens_issued"]
        for _ in range(3):
            with pytest.raises(KeyRevokedError):
                await poll_receipts(gateway, "some-packet")
        assert emulator.summary()["tokens_issued"] == before

    async def test_revoked_overnight_in_the_middle_of_a_session(self, gateway, emulator) -> None:
        with pytest.raises(PacketUnknownError):
            await poll_receipts(gateway, "some-packet")
        emulator.faults(keys_revoked=True)
        with pytest.raises(KeyRevokedError):
            await poll_receipts(gateway, "some-packet")
        emulator.faults(keys_revoked=False)
        with pytest.raises(PacketUnknownError):
            await poll_receipts(gateway, "some-packet")

    async def test_a_new_pair_replaces_the_old_one(
        self, gateway, emulator, mapping, connect: Callable
    ) -> None:
        with pytest.raises(PacketUnknownError):
            await poll_receipts(gateway, "some-packet")
        old = read_key_file(emulator.folder / "partners.json")
        emulator.admin("POST", "/keys", {})
        with pytest.raises(KeyRevokedError):
            await poll_receipts(gateway, "some-packet")
        async with open_gateway(connect(emulator, mapping, credentials=old)) as outdated:
            with pytest.raises(KeyRevokedError):
                await poll_receipts(outdated, "some-packet")
        async with open_gateway(connect(emulator, mapping)) as renewed:
            with pytest.raises(PacketUnknownError):
                await poll_receipts(renewed, "some-packet")


class TestTokens:
    async def test_many_calls_at_once_share_one_token(self, gateway, mapping, person, emulator) -> None:
        before = emulator.summary()["tokens_issued"]
        _, items = packet(mapping, [person() for _ in range(20)])
        await asyncio.gather(*(difference(gateway, [item]) for item in items))
        assert emulator.summary()["tokens_issued"] - before == 1

    async def test_a_withdrawn_token_is_renewed_once_for_all(
        self, gateway, mapping, person, emulator
    ) -> None:
        _, items = packet(mapping, [person() for _ in range(10)])
        await difference(gateway, items)
        before = emulator.summary()["tokens_issued"]
        emulator.admin("DELETE", "/tokens")
        await asyncio.gather(*(difference(gateway, [item]) for item in items))
        assert emulator.summary()["tokens_issued"] - before == 1

    async def test_an_expired_token_is_renewed_before_it_is_refused(self, gateway, emulator) -> None:
        emulator.faults(token_seconds=0.15)
        before = emulator.summary()["tokens_issued"]
        for _ in range(2):
            with pytest.raises(PacketUnknownError):
                await poll_receipts(gateway, "some-packet")
            await asyncio.sleep(0.15)
        assert emulator.summary()["tokens_issued"] - before == 2


async def test_nobody_there_is_unreachable(mapping, connect: Callable, emulator, free_port: Callable) -> None:
    emulator_there = connect(emulator, mapping)
    nobody = type(emulator_there)(
        f"http://127.0.0.1:{free_port()}", mapping.service, emulator_there.credentials
    )
    async with open_gateway(nobody) as gateway:
        with pytest.raises(UnreachableError) as gone:
            await poll_receipts(gateway, "some-packet")
    assert gone.value.reason == "connect"
