"""The contract both sides obey, refusals: the adapter against the emulator process, with both mappings."""

from typing import Any

import pytest

from activities.national.adapter import AccessRefusedError, BadPacketError, Packet, PacketItem, open_gateway
from activities.national.mappings import Mapping
from activities.national.service import submit_packet
from tests.activities.national.contract import (
    ACCEPTED,
    ELSEWHERE,
    HANOI,
    MINISTRY,
    REJECTED,
    expected_field,
    settle,
)


class TestRefusals:
    """One bad item never takes the good ones of its packet with it."""

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"birth_full_name": None}, "REQUIRED"),
            ({"citizen_id_number": "000123"}, "DIGITS_INCORRECT"),
            ({"ethnicity": "99"}, "CODE_UNKNOWN"),
            ({"birth_full_name": "Ư" * 101}, "TOO_LONG"),
            (
                {"education": [{"from_month": "2001-13", "institution": "A", "degree_level": "master"}]},
                "DATE_INCORRECT",
            ),
            ({"blood_type": ["O", "X"]}, "CODE_UNKNOWN"),
        ],
    )
    async def test_a_bad_item_is_rejected_with_its_field(
        self, gateway, mapping: Mapping, person, changes: dict[str, Any], code: str
    ) -> None:
        bad, good = person().changed(**changes), person()
        items = [mapping.item(one.content, one.header) for one in (bad, good)]
        refused, accepted = await settle(gateway, items)
        assert (refused.status, refused.code, accepted.status) == (REJECTED, code, ACCEPTED)
        assert refused.field == expected_field(mapping, next(iter(changes)))

    async def test_a_personal_id_may_belong_to_one_profile_only(self, gateway, mapping, person) -> None:
        first, second = person(), person()
        double = second.changed(citizen_id_number=first.content["citizen_id_number"])
        items = [mapping.item(one.content, one.header) for one in (first, double)]
        accepted, refused = await settle(gateway, items)
        assert accepted.status is ACCEPTED
        assert (refused.status, refused.code) == (REJECTED, "DUPLICATE_PERSON")
        assert first.content["citizen_id_number"] in refused.message
        assert first.content["citizen_id_number"] not in repr(refused)

    async def test_a_key_that_is_not_its_profile_and_digest_is_rejected(
        self, gateway, mapping, person
    ) -> None:
        one = person()
        body = mapping.to_item(one.content, one.header)
        at = mapping.header["item_key"]
        holder = body if len(at) == 1 else body[at[0]]
        holder[at[-1]] = f"{one.profile_id}.{'0' * 64}"
        (refused,) = await settle(gateway, [PacketItem(holder[at[-1]], body)])
        assert (refused.status, refused.code) == (REJECTED, "KEY_INCORRECT")

    async def test_somebody_elses_profile_cannot_be_overwritten(self, gateway, mapping, person) -> None:
        one = person()
        await settle(gateway, [mapping.item(one.content, one.header)])
        later = one.changed(main_assigned_work="Khác")
        (refused,) = await settle(gateway, [mapping.item(later.content, later.header)], sender=ELSEWHERE)
        assert (refused.status, refused.code) == (REJECTED, "NOT_HOLDER")

    async def test_a_malformed_agency_is_refused_before_anything_leaves(
        self, gateway, mapping, person
    ) -> None:
        one = person()
        with pytest.raises(BadPacketError, match="AGENCY_ID_INCORRECT"):
            await submit_packet(
                gateway, "h26", MINISTRY, "some-code", [mapping.item(one.content, one.header)]
            )

    async def test_the_other_side_checks_the_agency_too(self, gateway, mapping, person, monkeypatch) -> None:
        monkeypatch.setattr(Packet, "__post_init__", lambda self: None)
        one = person()
        with pytest.raises(AccessRefusedError) as refused:
            await gateway.send(Packet("h26", MINISTRY, "some-code", (mapping.item(one.content, one.header),)))
        assert refused.value.code == "106"

    async def test_too_many_items_are_refused_here(self, gateway, mapping, person) -> None:
        one = person()
        items = [PacketItem(str(n), mapping.to_item(one.content, one.header)) for n in range(51)]
        with pytest.raises(BadPacketError, match="TOO_MANY_ITEMS"):
            await submit_packet(gateway, HANOI, MINISTRY, "some-code", items)

    async def test_the_other_side_counts_too(self, emulator, mapping, connect) -> None:
        async with open_gateway(connect(emulator, mapping, max_items=5000)) as wide:
            items = tuple(PacketItem(str(n), {}) for n in range(1001))
            with pytest.raises(BadPacketError) as refused:
                await wide.send(Packet(HANOI, MINISTRY, "too-many-items", items))
        assert refused.value.code == "500"
