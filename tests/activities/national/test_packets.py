"""The contract both sides obey, on packets and receipts: the adapter against the emulator process."""

import asyncio

import pytest

from activities.national.adapter import (
    BadPacketError,
    Connection,
    PacketUnknownError,
    open_gateway,
    tran_code_for,
)
from activities.national.service import (
    batches,
    poll_receipts,
    submit_packet,
)
from models.form import code_list
from tests.activities.national.contract import (
    ACCEPTED,
    HANOI,
    MINISTRY,
    PENDING,
    settle,
)


class TestPackets:
    async def test_an_item_is_pending_until_polled_often_enough_then_accepted(
        self, gateway, mapping, person
    ) -> None:
        one = person()
        item = mapping.item(one.content, one.header)
        acknowledgement = await submit_packet(
            gateway, HANOI, MINISTRY, "first-packet-" + one.profile_id.hex, [item]
        )
        assert [(r.key, r.status) for r in acknowledgement.items] == [(item.key, PENDING)]
        assert acknowledgement.sent
        first = await poll_receipts(gateway, acknowledgement.tran_code)
        second = await poll_receipts(gateway, acknowledgement.tran_code)
        assert [r.status for r in first + second] == [PENDING, ACCEPTED]

    async def test_waiting_long_enough_settles_too(self, gateway, mapping, person, emulator) -> None:
        emulator.faults(settle_polls=1000, settle_seconds=0.2)
        one = person()
        item = mapping.item(one.content, one.header)
        code = tran_code_for("waiting", (item,))
        await submit_packet(gateway, HANOI, MINISTRY, code, [item])
        assert (await poll_receipts(gateway, code))[0].status is PENDING
        await asyncio.sleep(0.25)
        assert (await poll_receipts(gateway, code))[0].status is ACCEPTED

    async def test_the_same_tran_code_brings_the_same_answer_and_one_effect(
        self, gateway, mapping, person, emulator
    ) -> None:
        items = [mapping.item(one.content, one.header) for one in (person(), person())]
        code = tran_code_for("twice", tuple(items))
        before = emulator.summary()
        first = await submit_packet(gateway, HANOI, MINISTRY, code, items)
        await poll_receipts(gateway, code)
        await poll_receipts(gateway, code)
        again = await submit_packet(gateway, HANOI, MINISTRY, code, items)
        after = emulator.summary()
        assert first == again
        assert after["packets"] - before["packets"] == 1
        assert after["sendings"] - before["sendings"] == 2
        assert after["writes"] - before["writes"] == 2

    async def test_the_same_tran_code_for_other_items_is_refused(self, gateway, mapping, person) -> None:
        one, other = person(), person()
        code = f"code-{one.profile_id.hex}"
        await submit_packet(gateway, HANOI, MINISTRY, code, [mapping.item(one.content, one.header)])
        with pytest.raises(BadPacketError) as refused:
            await submit_packet(gateway, HANOI, MINISTRY, code, [mapping.item(other.content, other.header)])
        assert refused.value.code == "409"

    async def test_a_resubmitted_item_answers_same_and_writes_nothing(
        self, gateway, mapping, person, emulator
    ) -> None:
        one = person()
        item = mapping.item(one.content, one.header)
        await settle(gateway, [item])
        before = emulator.summary()["writes"]
        result = (await settle(gateway, [item], turn="2"))[0]
        assert (result.status, result.code) == (ACCEPTED, "SAME")
        assert emulator.summary()["writes"] == before

    async def test_the_same_item_in_two_packets_at_once_is_written_once(
        self, gateway, mapping, person, emulator
    ) -> None:
        one = person()
        item = mapping.item(one.content, one.header)
        before = emulator.summary()["writes"]
        results = await asyncio.gather(settle(gateway, [item], turn="a"), settle(gateway, [item], turn="b"))
        assert [r.status for (r,) in results] == [ACCEPTED, ACCEPTED]
        assert emulator.summary()["writes"] - before == 1

    async def test_nothing_to_send_sends_nothing(self, gateway, emulator) -> None:
        before = emulator.summary()
        acknowledgement = await submit_packet(gateway, HANOI, MINISTRY, "empty-packet", [])
        assert (acknowledgement.sent, acknowledgement.items) == (False, ())
        assert emulator.summary() == before

    async def test_a_packet_that_never_arrived_is_unknown(self, gateway) -> None:
        with pytest.raises(PacketUnknownError):
            await poll_receipts(gateway, "never-sent-at-all")

    async def test_a_packet_of_the_other_service_is_unknown(
        self, gateway, mapping, person, emulator, connect
    ) -> None:
        one = person()
        item = mapping.item(one.content, one.header)
        code = tran_code_for("elsewhere", (item,))
        await submit_packet(gateway, HANOI, MINISTRY, code, [item])
        other = "/ndop/v2/dossiers" if mapping.name == "stand_in" else "/csdlqg-ccvc/v1/ho-so"
        usual: Connection = connect(emulator, mapping)
        async with open_gateway(Connection(usual.base_url, other, usual.credentials)) as stranger:
            with pytest.raises(PacketUnknownError):
                await poll_receipts(stranger, code)


CODED = {
    "gender": "gender",
    "ethnicity": "ethnicity",
    "religion": "religion",
    "highest_qualification": "qualification",
    "blood_type": "blood_type",
}


@pytest.mark.parametrize("name", CODED)
async def test_every_code_of_our_lists_is_known_over_there(gateway, mapping, person, name: str) -> None:
    people = [person().changed(**{name: code}) for code in code_list(CODED[name]).codes]
    items = [mapping.item(one.content, one.header) for one in people]
    for batch in batches(items, gateway.max_items):
        assert {one.code for one in await settle(gateway, batch)} == {""}
