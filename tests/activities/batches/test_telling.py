"""One person's news for the national database: left, moved on, or taken over; told once, to be heard."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError

from activities.national.adapter import (
    BadAnswerError,
    BadPacketError,
    MaintenanceError,
    PersonQuery,
    UnreachableError,
)
from activities.national.office import NationalOffice, gateway_of, mapping_of
from activities.national.service import find_person
from activities.national.trouble import delay_after
from models.commands import AcceptTransfer, HandOver, ReportTransfer, RequestTransfer, Separate
from models.database import transaction
from models.messages import MonthStart, NationalStatus
from models.record.load import content_of
from models.settings import MissingSettingError, Settings
from tests.activities.batches.conftest import OPENING, batch, month_of, submitted
from tests.activities.batches.test_sending import approved, settle
from tests.world import World


@pytest.fixture
def office(settings: Settings, world: World, gateway: Any) -> NationalOffice:
    return NationalOffice(settings, world.tools, gateway)


@pytest.fixture
async def synced(world: World, months: Any, run: Any) -> UUID:
    """A person whom the national database holds."""
    profile = await submitted(world, 1)
    await approved(world, profile)
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    month = await month_of(world, world.culture)
    await run(months.submit_batch, batch(world, month))
    await settle(run, months, batch(world, month))
    return profile


def status(world: World, profile: UUID) -> NationalStatus:
    return NationalStatus(authority_id=world.authority, profile_id=profile, now=world.now)


async def leaves(world: World, profile: UUID, kind: str, **more: Any) -> None:
    body = Separate(kind=kind, effective_on=world.now.date(), document="9/QĐ", **more)
    assert (await world.ask("culture.hr", body, profile)).status == 201


async def record(world: World, office: NationalOffice, profile: UUID) -> Any:
    """What the other side holds about the person."""
    row = await world.one("SELECT approved_revision_id AS r FROM profiles WHERE id = :p", p=profile)
    async with transaction(world.tools.engine, world.scope) as connection:
        content = await content_of(connection, world.tools, world.authority, row.r)
    assert office.gateway is not None
    query = PersonQuery("case-1", content["citizen_id_number"])
    return await find_person(office.gateway, mapping_of(office.settings, datetime.now(UTC)), query)


class TestLeaving:
    async def test_retirement_is_told_once_however_often_it_is_asked(
        self, world, synced, office, run, emulator
    ) -> None:
        await leaves(world, synced, "retired")
        before = emulator.summary()["packets"]
        for _ in range(2):
            assert (await run(office.tell_status, status(world, synced))).told
        assert emulator.summary()["packets"] - before == 1
        assert (await record(world, office, synced)).status == "retired"

    async def test_it_is_the_same_message_after_the_archive(
        self, world, synced, office, run, emulator
    ) -> None:
        """The answer was lost and the profile archived in the meantime."""
        await leaves(world, synced, "resigned")
        assert (await run(office.tell_status, status(world, synced))).told
        packets = emulator.summary()["packets"]
        assert (await world.step("archive", synced, told=True)).chapter == "archive"
        assert (await run(office.tell_status, status(world, synced))).told
        assert emulator.summary()["packets"] == packets

    @pytest.mark.parametrize(("destination", "holder"), [("H15.2", "H15"), ("Sở Nội vụ tỉnh khác", "")])
    async def test_a_move_out_names_the_receiver_where_it_has_a_code(
        self, world, synced, office, run, destination: str, holder: str
    ) -> None:
        await leaves(world, synced, "moved_out", destination=destination, covered_by_national_database=True)
        assert (await run(office.tell_status, status(world, synced))).told
        found = await record(world, office, synced)
        assert (found.status, found.held_by) == ("moved_out", holder)

    async def test_whom_it_never_held_it_is_not_told(self, world, office, run, emulator) -> None:
        profile = await submitted(world, 1)
        await approved(world, profile)
        await leaves(world, profile, "retired")
        before = emulator.summary()
        assert not (await run(office.tell_status, status(world, profile))).told
        assert emulator.summary() == before

    async def test_a_refused_message_goes_to_the_administrator_and_not_in_the_way(
        self, world, synced, office, run, emulator
    ) -> None:
        await leaves(world, synced, "retired")
        elsewhere = dataclasses.replace(
            office, settings=office.settings.model_copy(update={"national_receiver_code": "?"})
        )
        assert not (await run(elsewhere.tell_status, status(world, synced))).told
        told = await world.rows("SELECT facts FROM notices WHERE kind = 'national_packet_refused'")
        assert [t.facts for t in told] == [{"code": "AGENCY_ID_INCORRECT"}]

    async def test_a_record_that_is_somebody_else_s_is_said_once(self, world, synced, office, run) -> None:
        await leaves(world, synced, "moved_out", destination="H15.2")
        assert (await run(office.tell_status, status(world, synced))).told
        await _set_status(world, synced, "retired")
        for _ in range(2):
            assert not (await run(office.tell_status, status(world, synced))).told
        (told,) = await world.rows("SELECT role, facts FROM notices WHERE kind = 'national_status_refused'")
        assert (told.role, told.facts["code"]) == ("administrator", "NOT_HOLDER")

    async def test_maintenance_is_waited_for(self, world, synced, office, run, emulator) -> None:
        await leaves(world, synced, "retired")
        emulator.faults(keys_revoked=True)
        with pytest.raises(ApplicationError) as waits:
            await run(office.tell_status, status(world, synced))
        assert waits.value.next_retry_delay == timedelta(minutes=10)
        emulator.faults(keys_revoked=False)
        assert (await run(office.tell_status, status(world, synced), attempt=2)).told

    async def test_without_a_national_database_nothing_is_told(self, world, synced, office, run) -> None:
        await leaves(world, synced, "retired")
        alone = dataclasses.replace(office, gateway=None)
        assert not (await run(alone.tell_status, status(world, synced))).told


async def test_the_new_agency_takes_over_without_a_gap(world, synced, office, run, emulator) -> None:
    body = RequestTransfer(
        to_agency_id=world.health, mode="điều động", effective_on=world.now.date(), document="1/QĐ"
    )
    opened = await world.ask("culture.hr", body, synced)
    case = UUID(opened.answer["transfer_id"])
    await world.ask("culture.hr", ReportTransfer(document="2/BC"), case, subject="transfer")
    handed = HandOver(handed_over_on=world.now.date())
    await world.ask("culture.hr", handed, case, subject="transfer")
    assert (await world.ask("health.hr", AcceptTransfer(), case, subject="transfer")).status == 200
    before = emulator.summary()
    for _ in range(2):
        assert (await run(office.tell_status, status(world, synced))).told
    after = emulator.summary()
    assert after["packets"] - before["packets"] == 1
    assert after["writes"] == before["writes"]
    found = await record(world, office, synced)
    assert (found.status, found.held_by) == ("in_service", "H26")


async def test_nothing_happened_nothing_is_told(world, synced, office, run, emulator) -> None:
    before = emulator.summary()
    assert not (await run(office.tell_status, status(world, synced))).told
    assert emulator.summary() == before


class TestConnection:
    def test_no_address_means_no_way(self, settings: Settings) -> None:
        assert gateway_of(settings.model_copy(update={"national_url": None})) is None

    def test_an_address_without_its_key_pair_names_what_is_missing(self, settings: Settings) -> None:
        with pytest.raises(MissingSettingError, match="HOSO_NATIONAL_SECRET_KEY"):
            gateway_of(settings.model_copy(update={"national_secret_key": None}))

    def test_the_key_pair_is_never_sent_in_the_clear(self, settings: Settings) -> None:
        with pytest.raises(ValueError, match="https"):
            gateway_of(settings.model_copy(update={"national_url": "http://national.invalid"}))


@pytest.mark.parametrize(
    ("error", "attempt", "seconds"),
    [
        (UnreachableError("timeout"), 1, 2),
        (UnreachableError("timeout"), 4, 16),
        (UnreachableError("timeout"), 20, 30),
        (BadAnswerError("items"), 9, 30),
        (UnreachableError("timeout"), 21, 300),
        (BadPacketError("500"), 9, 300),
        (UnreachableError("http 429", timedelta(seconds=30)), 1, 30),
        (MaintenanceError(OPENING, timedelta(0)), 1, 2),
        (MaintenanceError(OPENING, timedelta(hours=9)), 1, 3600),
    ],
)
def test_waiting_grows_and_ends(error: Any, attempt: int, seconds: int) -> None:
    assert delay_after(error, attempt) == timedelta(seconds=seconds)


async def _set_status(world: World, profile: UUID, to: str) -> None:
    async with transaction(world.tools.engine, world.scope) as connection:
        await connection.execute(
            text("UPDATE profiles SET status = :s WHERE id = :p"), {"s": to, "p": profile}
        )
