"""Sending and receipts, against the emulator's process: nothing lost, nothing twice, every no explained."""

import dataclasses
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError

from activities.batches import sending
from activities.batches.office import MonthOffice
from activities.batches.reasons import not_expressible, reason_of
from activities.national.adapter import ItemResult, ItemStatus, open_gateway
from activities.national.mappings import ValueRefusedError, load_mapping
from activities.national.mappings.loader import HERE
from models.commands import Approve
from models.database import transaction
from models.keys import Sealed
from models.messages import Batch, MonthStart
from models.record.loads import Load, load_rules
from models.regulations import in_force
from tests.activities.batches.conftest import OPENING, batch, items_of, month_of, submitted
from tests.forms import COMPLETE
from tests.world import World

TRAINING = "Đào tạo chuyên môn (từ trung cấp trở lên)"
PLACES = [
    ("stand_in", "HoVaTenKhaiSinh", "Họ và tên khai sinh"),
    ("stand_in", "DaoTaoChuyenMon[2].CoSoDaoTao", f"{TRAINING}, dòng 3: Tên cơ sở đào tạo"),
    ("stand_in", "DaoTaoChuyenMon", "DaoTaoChuyenMon"),
    ("stand_in", "DaoTaoChuyenMon[0]", f"{TRAINING}, dòng 1"),
    ("stand_in", "Bang[0].Cot", "Bang[0].Cot"),
    ("nested", "identity.name.full", "Họ và tên khai sinh"),
    ("nested", "education.degrees[0].period.from", f"{TRAINING}, dòng 1: Từ"),
]


async def approved(world: World, profile: UUID) -> None:
    """As a signature made elsewhere leaves the person: approved, in service."""
    row = await world.one(
        "SELECT r.id, r.digest FROM profiles p JOIN revisions r ON r.id = p.pending_revision_id"
        " WHERE p.id = :p",
        p=profile,
    )
    await world.ask("culture.approver", Approve(revision_id=row.id, digest=row.digest), profile)
    facts = {"approval": str(world.moment.to_sign), "document": "d" * 64, "certificate": "c" * 64}
    assert (await world.step("complete_approval", profile, **facts)).chapter == "service"


@pytest.fixture
async def ready(world: World, months, run) -> tuple[Any, list[UUID]]:
    """Culture's list with three approved people, in the order of their ids."""
    people = sorted([await submitted(world, n) for n in range(1, 4)])
    for profile in people:
        await approved(world, profile)
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    return await month_of(world, world.culture), people


@pytest.fixture(autouse=True)
def small_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PACKET", 2)


async def settle(run: Any, months: MonthOffice, given: Batch) -> Any:
    """Await receipts as the engine would: again and again."""
    for attempt in range(1, 8):
        try:
            return await run(months.await_receipts, given, attempt=attempt, details=(attempt - 1,))
        except ApplicationError as error:
            waits = error
        assert waits.type == "receipts-pending"
        assert waits.next_retry_delay == timedelta(seconds=min(2**attempt, 300))
    raise AssertionError("never settled")


class TestSending:
    async def test_packets_go_and_receipts_come(self, world, ready, months, run, emulator) -> None:
        month, people = ready
        before = emulator.summary()
        sent = await run(months.submit_batch, batch(world, month))
        assert (sent.done, sent.refused) == (3, 0)
        assert {i.state for i in (await items_of(world, month.id)).values()} == {"sent"}
        result = await settle(run, months, batch(world, month))
        assert {i.reason for i in (await items_of(world, month.id)).values()} == {None}
        assert (result.done, result.refused) == (3, 0)
        after = emulator.summary()
        assert after["packets"] - before["packets"] == 2
        assert after["writes"] - before["writes"] == 3
        packets = await world.rows("SELECT items, state, result FROM submissions ORDER BY items")
        assert [(p.items, p.state, p.result) for p in packets] == [
            (1, "settled", {"accepted": 1}),
            (2, "settled", {"accepted": 2}),
        ]
        rows = await world.rows("SELECT id, approved_revision_id, synced_revision_id FROM profiles")
        assert {r.id for r in rows if r.synced_revision_id == r.approved_revision_id} == set(people)
        assert {i.state for i in (await items_of(world, month.id)).values()} == {"accepted"}
        tree = await world.rows("SELECT refused FROM national_units")  # told beside the profiles
        assert len(tree) >= 3
        assert {unit.refused for unit in tree} == {None}

    async def test_a_share_is_sent_and_the_rest_with_the_next(
        self, world, ready, months, run, emulator
    ) -> None:
        month, _ = ready
        share = batch(world, month).model_copy(update={"most": 1})
        before = emulator.summary()
        answers = [await run(months.submit_batch, share) for _ in range(3)]
        assert [(one.done, one.more) for one in answers] == [(2, True), (3, True), (3, False)]
        assert emulator.summary()["packets"] - before["packets"] == 2

    async def test_an_empty_second_run_sends_nothing(self, world, ready, months, run, emulator) -> None:
        month, _ = ready
        await run(months.submit_batch, batch(world, month))
        await settle(run, months, batch(world, month))
        before = emulator.summary()
        again = await run(months.submit_batch, batch(world, month))
        assert (again.done, again.tran_code) == (0, "")
        world.now = datetime(2026, 2, 23, 17, 0, tzinfo=UTC)
        opened = await run(
            months.open_agency_months,
            MonthStart(authority_id=world.authority, month="2026-02"),
            at=world.now,
        )
        assert opened.started == 0
        assert emulator.summary()["sendings"] == before["sendings"]

    @pytest.mark.parametrize(
        ("fault", "times"), [("done_but_time_out", 2), ("done_but_broken", 3), ("server_error", 3)]
    )
    async def test_an_unknown_fate_sends_the_same_packet_again(
        self, world, ready, months, run, emulator, fault: str, times: int
    ) -> None:
        """Twice within the attempt; the third answer lost in a row is left to the engine."""
        month, _ = ready
        before = emulator.summary()
        emulator.faults(**{f"{fault}_next": times, "hang_seconds": 2})
        soon = dataclasses.replace(months.gateway._connection, answer_timeout=0.5)
        async with open_gateway(soon) as gateway:
            hasty = dataclasses.replace(months, gateway=gateway)
            with pytest.raises(ApplicationError) if times == 3 else nullcontext() as waits:
                await run(hasty.submit_batch, batch(world, month))
        codes = {row.tran_code for row in await world.rows("SELECT tran_code FROM submissions")}
        if waits is not None:
            assert waits.value.next_retry_delay == timedelta(seconds=2)
            assert len(codes) == 2, "both were fixed before the first of them left"
        sent = await run(months.submit_batch, batch(world, month), attempt=2)
        assert sent.done == 3
        await settle(run, months, batch(world, month))
        after = emulator.summary()
        assert after["packets"] - before["packets"] == 2
        assert after["writes"] - before["writes"] == 3
        assert codes <= {row.tran_code for row in await world.rows("SELECT tran_code FROM submissions")}

    async def test_a_packet_keeps_the_mapping_of_the_day_on_which_it_was_fixed(
        self, world, ready, months, run, emulator, tmp_path: Path
    ) -> None:
        """A new mapping begins while the fate of a packet is unknown: the same packet goes again."""
        month, _ = ready
        folder = tmp_path / "mappings"
        folder.mkdir()
        now = (HERE / "stand_in.yaml").read_text(encoding="utf-8")
        (folder / "first.yaml").write_text(now)
        (folder / "second.yaml").write_text(
            "valid-from: 2026-01-28\n" + now.replace("employing_unit_id: Ma", "employing_unit_id: MaMoi")
        )
        settings = months.settings.model_copy(update={"national_mapping": folder})
        dated = dataclasses.replace(months, settings=settings)
        emulator.faults(done_but_broken_next=3)
        with pytest.raises(ApplicationError):
            await run(dated.submit_batch, batch(world, month).model_copy(update={"most": 2}))
        world.now = OPENING + timedelta(days=1)
        await run(dated.submit_batch, batch(world, month), attempt=2)
        states = await world.rows("SELECT state, result, items FROM submissions ORDER BY created_at")
        # The first packet is the same; the second is made by a mapping that the other side does not know.
        assert [(s.state, s.items) for s in states] == [("sent", 2), ("sent", 1)]
        result = await settle(run, dated, batch(world, month))
        assert (result.done, result.refused) == (2, 1)
        (refused,) = await world.rows("SELECT reason FROM month_items WHERE state = 'rejected'")
        assert refused.reason.startswith("REQUIRED")

    async def test_dying_after_the_last_packet_still_awaits_its_receipts(
        self, world, ready, months, run
    ) -> None:
        """The attempt's answer is lost: the next one finds nothing to send, and yet something to await."""
        month, _ = ready
        first = await run(months.submit_batch, batch(world, month))
        again = await run(months.submit_batch, batch(world, month), attempt=2)
        assert again == first
        assert again.done == 3

    async def test_a_packet_lost_over_there_is_sent_again(
        self, world, ready, months, run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        month, _ = ready

        async def lose(*_: Any) -> None:
            """It is taken and lost."""

        with monkeypatch.context() as while_sending:
            while_sending.setattr(sending, "submit_packet", lose)
            await run(months.submit_batch, batch(world, month))
        assert {i.state for i in (await items_of(world, month.id)).values()} == {"sent"}
        result = await settle(run, months, batch(world, month))
        assert result.done == 3


class TestRefusals:
    async def test_rejected_items_say_code_field_and_message_without_numbers(
        self, world, ready, months, run, emulator
    ) -> None:
        month, _ = ready
        emulator.faults(refuse_percent=100)
        await run(months.submit_batch, batch(world, month))
        result = await settle(run, months, batch(world, month))
        assert (result.done, result.refused) == (0, 3)
        items = await items_of(world, month.id)
        assert {i.state for i in items.values()} == {"rejected"}
        assert {i.reason for i in items.values()} == {"REFUSED: Từ chối theo yêu cầu thử nghiệm"}
        synced = await world.rows("SELECT 1 FROM profiles WHERE synced_revision_id IS NOT NULL")
        assert synced == []
        duties = await world.rows("SELECT party, state, facts FROM duties WHERE facts ? 'national'")
        assert [(d.party, d.state, d.facts["code"]) for d in duties] == [
            ("hr_officer", "open", "REFUSED")
        ] * 3
        kept = await world.rows("SELECT * FROM national_receipts ORDER BY items")
        assert [(k.items, k.settled) for k in kept] == [(1, 1), (2, 2)]
        for one in kept:
            sealed = Sealed(one.key_id, bytes(one.sealed))
            place = (world.authority, "national_receipts", one.id, "sealed")
            raw = world.tools.cipher.open(*place, sealed)
            assert (sha256(raw).hexdigest(), len(raw)) == (one.sha256, one.size)
            assert b'"REFUSED"' in raw
        told = await world.rows("SELECT role, agency_id, facts FROM notices WHERE kind = 'items_rejected'")
        assert sorted((t.role, t.agency_id, t.facts["items"]) for t in told) == [
            ("hr_officer", world.culture, 1),
            ("hr_officer", world.culture, 2),
        ]
        # Next month they stand on the list again, and go as new work.
        world.now = datetime(2026, 2, 23, 17, 0, tzinfo=UTC)
        await run(
            months.open_agency_months,
            MonthStart(authority_id=world.authority, month="2026-02"),
            at=world.now,
        )
        emulator.faults(refuse_percent=0)
        february = await month_of(world, world.culture, "2026-02")
        await run(months.submit_batch, batch(world, february))
        assert (await settle(run, months, batch(world, february))).done == 3
        met = await world.rows("SELECT state FROM duties WHERE facts ? 'national'")
        assert [d.state for d in met] == ["met"] * 3

    async def test_a_field_the_other_side_refuses_goes_back_to_the_person_once(
        self, world, ready, months, run, emulator
    ) -> None:
        """For the person to mend, and asked for once however often one polls."""
        month, people = ready
        emulator.faults(withdrawn_codes=["MaDanToc=01"])
        await run(months.submit_batch, batch(world, month))
        for _ in range(2):
            assert (await settle(run, months, batch(world, month))).refused == 3
        items = await items_of(world, month.id)
        refusal = {"code": "CODE_UNKNOWN", "path": "ethnicity"}
        assert [i.refusal for i in items.values()] == [refusal] * 3
        duties = await world.rows("SELECT * FROM duties WHERE facts ? 'national' ORDER BY profile_id")
        assert [(d.party, d.profile_id, d.facts["path"]) for d in duties] == [
            ("person", profile, "ethnicity") for profile in people
        ]

    def test_a_reason_holds_no_number_that_could_be_somebodys(self) -> None:
        said = ItemResult("k", ItemStatus.REJECTED, "DUPLICATE_PERSON", "SoDinhDanh", "Trùng số 000190000001")
        assert reason_of(said, load_mapping("stand_in")) == "DUPLICATE_PERSON SoDinhDanh: Trùng số …"

    @pytest.mark.parametrize(("mapping", "place", "named"), PLACES)
    def test_a_reason_names_the_field_as_the_form_does(self, mapping: str, place: str, named: str) -> None:
        """Under either shape of packet; what our form has no word for keeps their name."""
        said = ItemResult("k", ItemStatus.REJECTED, "TOO_LONG", place, "Quá dài")
        assert reason_of(said, load_mapping(mapping)) == f"TOO_LONG {named}: Quá dài"

    def test_what_cannot_be_expressed_is_named_as_the_form_does(self) -> None:
        refused = ValueRefusedError("education[0].institution", "no text")
        said = not_expressible(refused, load_mapping("stand_in"))
        assert said == f"NOT_EXPRESSIBLE {TRAINING}, dòng 1: Tên cơ sở đào tạo"

    async def test_what_the_mapping_cannot_express_is_named_and_stops_no_other(
        self, world, ready, months, run
    ) -> None:
        month, people = ready
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("UPDATE revisions SET form_version = 'other' WHERE profile_id = :p"), {"p": people[0]}
            )
        sent = await run(months.submit_batch, batch(world, month))
        assert (sent.done, sent.refused) == (2, 1)
        item = (await items_of(world, month.id))[people[0]]
        assert (item.state, item.reason) == ("rejected", "NOT_EXPRESSIBLE form")
        assert len(await world.rows("SELECT 1 FROM notices WHERE kind = 'items_rejected'")) == 1
        duty = await world.one("SELECT party, facts FROM duties WHERE facts ? 'national'")
        assert (duty.party, duty.facts["code"]) == ("hr_officer", "NOT_EXPRESSIBLE")

    @pytest.mark.rule("moha.art11.5")
    async def test_what_nobody_has_signed_does_not_go_out_where_the_rule_asks_for_it(
        self, world, ready, months, run
    ) -> None:
        month, people = ready
        day = OPENING.date() - timedelta(days=1)
        load = Load(world.authority, "phép thử", world.now)
        async with transaction(world.tools.engine, world.scope) as connection:
            await load_rules(connection, load, in_force("moha", day), day)
            await connection.execute(
                text("UPDATE approvals SET document_sha256 = NULL WHERE profile_id = :p"), {"p": people[0]}
            )
        sent = await run(months.submit_batch, batch(world, month))
        assert (sent.done, sent.refused) == (2, 1)
        item = (await items_of(world, month.id))[people[0]]
        assert item.state == "rejected"
        assert item.reason.startswith("NOT_SIGNED Quy chế kèm QĐ 832/QĐ-BNV, Điều 11.5")

    async def test_a_packet_refused_as_a_whole_waits_for_a_person(self, world, ready, months, run) -> None:
        month, _ = ready
        wrong = dataclasses.replace(
            months, settings=months.settings.model_copy(update={"national_receiver_code": "?"})
        )
        sent = await run(wrong.submit_batch, batch(world, month))
        assert sent.done == 0
        items = (await items_of(world, month.id)).values()
        assert {(i.state, i.tran_code, i.reason) for i in items if i.reason} == {
            ("approved", None, "PACKET AGENCY_ID_INCORRECT")
        }
        told = await world.rows("SELECT facts FROM notices WHERE kind = 'national_packet_refused'")
        assert [t.facts for t in told] == [{"code": "AGENCY_ID_INCORRECT"}]
        assert (await run(months.submit_batch, batch(world, month))).done == 3


class TestTrouble:
    async def test_revoked_keys_wait_and_the_administrator_is_told_once(
        self, world, ready, months, run, emulator
    ) -> None:
        month, _ = ready
        emulator.faults(keys_revoked=True)
        for attempt in (1, 2):
            with pytest.raises(ApplicationError) as waits:
                await run(months.submit_batch, batch(world, month), attempt=attempt)
            assert waits.value.next_retry_delay == timedelta(minutes=10)
        told = await world.rows("SELECT role, agency_id FROM notices WHERE kind = 'national_key_revoked'")
        assert [(t.role, t.agency_id) for t in told] == [("administrator", world.department)]
        emulator.faults(keys_revoked=False)
        assert (await run(months.submit_batch, batch(world, month))).done == 3

    async def test_maintenance_is_waited_for_as_long_as_announced_within_an_hour(
        self, world, ready, months, run, emulator
    ) -> None:
        month, _ = ready
        await run(months.submit_batch, batch(world, month))
        for pause, expected in ((300, 300), (7200, 3600)):
            until = datetime.now(UTC) + timedelta(seconds=pause)
            emulator.faults(maintenance_until=until.isoformat())
            with pytest.raises(ApplicationError) as waits:
                await run(months.await_receipts, batch(world, month))
            assert waits.value.next_retry_delay is not None
            assert abs(waits.value.next_retry_delay.total_seconds() - expected) <= 5
        assert len(await world.rows("SELECT 1 FROM notices WHERE kind = 'national_maintenance'")) == 1
        emulator.faults(maintenance_until=None)
        assert (await settle(run, months, batch(world, month))).done == 3

    async def test_without_a_national_database_items_stay_approved(self, world, ready, months, run) -> None:
        month, _ = ready
        alone = dataclasses.replace(months, gateway=None)
        for _ in range(2):
            assert (await run(alone.submit_batch, batch(world, month))).done == 0
        assert {i.state for i in (await items_of(world, month.id)).values()} == {"approved"}
        told = await world.rows("SELECT 1 FROM notices WHERE kind = 'national_not_configured'")
        assert len(told) == 1

    async def test_a_late_receipt_does_not_put_an_older_revision_first(
        self, world, ready, months, run
    ) -> None:
        month, people = ready
        await run(months.submit_batch, batch(world, month))
        newer = await world.draft(people[0], _form(people[0]))
        async with transaction(world.tools.engine, world.scope) as connection:
            await connection.execute(
                text("UPDATE profiles SET synced_revision_id = :r WHERE id = :p"),
                {"r": newer[0], "p": people[0]},
            )
        await settle(run, months, batch(world, month))
        row = await world.one("SELECT synced_revision_id AS r FROM profiles WHERE id = :p", p=people[0])
        assert row.r == newer[0]
        assert (await items_of(world, month.id))[people[0]].state == "accepted"


def _form(_profile: UUID) -> dict[str, Any]:
    return {**COMPLETE, "citizen_id_number": "000190999999"}
