"""The contract both sides obey, on difference, lookup and status: the adapter against the emulator."""

from datetime import date

import pytest

from activities.national.adapter import (
    Difference,
    PersonQuery,
    StatusChange,
    StatusKind,
    open_gateway,
    tran_code_for,
)
from activities.national.mappings import Mapping
from activities.national.service import difference, find_person, report_status, submit_packet, to_send
from tests.activities.national.contract import (
    ACCEPTED,
    ELSEWHERE,
    HANOI,
    MINISTRY,
    REJECTED,
    expected_field,
    settle,
    tell,
)


class TestDifference:
    async def test_an_empty_second_run_finds_nothing_to_send(
        self, gateway, mapping, person, emulator
    ) -> None:
        items = [mapping.item(one.content, one.header) for one in (person(), person(), person())]
        before = await difference(gateway, items)
        assert {one.state for one in before} == {Difference.NEW}
        assert to_send(items, before) == items
        await settle(gateway, items)
        packets = emulator.summary()["packets"]
        second = await difference(gateway, items)
        assert [one.key for one in second] == [item.key for item in items]
        assert {one.state for one in second} == {Difference.UNCHANGED}
        await submit_packet(gateway, HANOI, MINISTRY, "second-run", to_send(items, second))
        assert emulator.summary()["packets"] == packets

    async def test_what_waits_is_pending_and_not_sent_again(self, gateway, mapping, person) -> None:
        one = person()
        item = mapping.item(one.content, one.header)
        await submit_packet(gateway, HANOI, MINISTRY, tran_code_for("waits", (item,)), [item])
        found = await difference(gateway, [item])
        assert found[0].state is Difference.PENDING
        assert to_send([item], found) == []

    async def test_a_change_names_the_fields_that_differ_and_no_other(
        self, gateway, mapping: Mapping, person
    ) -> None:
        one = person()
        await settle(gateway, [mapping.item(one.content, one.header)])
        later = one.changed(
            main_assigned_work="Khác", blood_type=None, education=one.content["education"][:1]
        )
        (found,) = await difference(gateway, [mapping.item(later.content, later.header)])
        assert found.state is Difference.CHANGED
        names = ("main_assigned_work", "blood_type", "education")
        digest_and_key = {".".join(mapping.header[name]) for name in ("item_key", "revision_digest")}
        assert set(found.fields) == digest_and_key | {
            expected_field(mapping, name, rows=False) for name in names
        }

    async def test_more_than_one_packets_worth_is_asked_in_turns(
        self, emulator, mapping, connect, person
    ) -> None:
        people = [person() for _ in range(5)]
        items = [mapping.item(one.content, one.header) for one in people]
        async with open_gateway(connect(emulator, mapping, max_items=2)) as narrow:
            found = await difference(narrow, items)
        assert [one.key for one in found] == [item.key for item in items]


class TestPeople:
    async def test_an_unknown_person_has_no_record(self, gateway, mapping, person) -> None:
        query = PersonQuery("case-1", person().content["citizen_id_number"])
        assert await find_person(gateway, mapping, query) is None

    async def test_a_known_person_is_pulled_in_the_words_of_our_form(self, gateway, mapping, person) -> None:
        one = person()
        await settle(gateway, [mapping.item(one.content, one.header)], sender=ELSEWHERE)
        record = await find_person(gateway, mapping, PersonQuery("case-2", one.content["citizen_id_number"]))
        assert record is not None
        assert (record.profile_id, record.held_by, record.status) == (one.profile_id, "H15", "in_service")
        assert record.revision_digest == one.header.revision_digest
        assert mapping.to_content(record.body) == one.content
        assert one.content["citizen_id_number"] not in repr(record)

    async def test_a_move_lets_the_receiver_take_over_and_nobody_else(self, gateway, mapping, person) -> None:
        one = person()
        await settle(gateway, [mapping.item(one.content, one.header)])
        await tell(
            gateway, mapping, StatusChange(one.profile_id, StatusKind.MOVED_OUT, date(2026, 3, 2), "H15")
        )
        arrived = person().changed(**one.content)
        item = mapping.item(arrived.content, arrived.header)
        (third,) = await settle(gateway, [item], sender="H49.1")
        assert (third.status, third.code) == (REJECTED, "DUPLICATE_PERSON")
        (taken,) = await settle(gateway, [item], sender=ELSEWHERE)
        assert taken.status is ACCEPTED
        record = await find_person(gateway, mapping, PersonQuery("case-3", one.content["citizen_id_number"]))
        assert record is not None
        assert (record.profile_id, record.held_by) == (arrived.profile_id, "H15")

    @pytest.mark.parametrize("kind", list(StatusKind))
    async def test_every_status_is_understood_and_telling_twice_is_the_same(
        self, gateway, mapping, person, kind
    ) -> None:
        one = person()
        await settle(gateway, [mapping.item(one.content, one.header)])
        change = StatusChange(one.profile_id, kind, date(2026, 6, 1))
        first = await tell(gateway, mapping, change)
        again = await tell(gateway, mapping, change)
        later = await tell(gateway, mapping, change, turn="later")
        assert (first.status, again, later.code) == (ACCEPTED, first, "SAME")
        record = await find_person(gateway, mapping, PersonQuery("case-4", one.content["citizen_id_number"]))
        assert record is not None
        assert record.status == kind

    async def test_a_late_correction_does_not_bring_the_retired_back(self, gateway, mapping, person) -> None:
        one = person()
        await settle(gateway, [mapping.item(one.content, one.header)])
        await tell(gateway, mapping, StatusChange(one.profile_id, StatusKind.RETIRED, date(2026, 6, 1)))
        later = one.changed(blood_type="A")
        await settle(gateway, [mapping.item(later.content, later.header)])
        record = await find_person(gateway, mapping, PersonQuery("case-5", one.content["citizen_id_number"]))
        assert record is not None
        assert (record.status, record.revision_digest) == ("retired", later.header.revision_digest)

    async def test_a_status_of_an_unknown_or_foreign_profile_is_rejected(
        self, gateway, mapping, person
    ) -> None:
        stranger, one = person(), person()
        await settle(gateway, [mapping.item(one.content, one.header)])
        unknown = await tell(
            gateway, mapping, StatusChange(stranger.profile_id, StatusKind.RETIRED, date(2026, 6, 1))
        )
        change = StatusChange(one.profile_id, StatusKind.RETIRED, date(2026, 6, 1))
        foreign = await tell(gateway, mapping, change, sender=ELSEWHERE)
        assert [(r.status, r.code) for r in (unknown, foreign)] == [
            (REJECTED, "RECORD_UNKNOWN"),
            (REJECTED, "NOT_HOLDER"),
        ]

    async def test_no_status_to_tell_tells_nothing(self, gateway, mapping, emulator) -> None:
        before = emulator.summary()
        said = await report_status(
            gateway, mapping, sender=HANOI, receiver=MINISTRY, tran_code="no-status", changes=[]
        )
        assert (said.sent, emulator.summary()) == (False, before)
