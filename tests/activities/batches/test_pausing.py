"""The national database paused by an administrator: nothing is sent or lost, and it goes on by itself."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.national.office import NationalOffice
from activities.national.trouble import PAUSE
from models.command_admin import PauseParty, ResumeParty
from models.messages import MonthStart, NationalPull
from models.settings import Settings
from tests.activities.batches.conftest import OPENING, batch, month_of, submitted
from tests.activities.batches.test_sending import approved, settle
from tests.world import World


async def test_a_list_waits_and_goes_on(
    world: World, settings: Settings, months: Any, run: Any, emulator: Any, gateway: Any
) -> None:
    profile = await submitted(world, 1)
    await approved(world, profile)
    world.now = OPENING
    await run(months.open_agency_months, MonthStart(authority_id=world.authority, month="2026-01"))
    listed = batch(world, await month_of(world, world.culture))
    before = emulator.summary()["packets"]
    pause = PauseParty(party="national", reason="bảo trì trục", until=OPENING + timedelta(hours=2))
    assert (await world.ask("admin", pause, world.authority, subject="administration")).status == 201
    again = await world.ask("admin", pause, world.authority, subject="administration")
    assert again.answer["code"] == "party-paused"
    with pytest.raises(ApplicationError) as told:
        await run(months.submit_batch, listed)
    assert (told.value.type, told.value.next_retry_delay) == ("national-paused", PAUSE)
    assert emulator.summary()["packets"] == before
    # Somebody who waits for an answer is told at once.
    office = NationalOffice(settings, world.tools, gateway)
    other = await world.employ(until="account")
    pull = NationalPull(
        authority_id=world.authority, profile_id=other, command_id=listed.agency_month_id, now=world.now
    )
    assert (await run(office.pull_record, pull)).failure == "national-paused"

    later = listed.model_copy(update={"now": OPENING + timedelta(hours=2)})  # its time has come
    await run(months.submit_batch, later)
    await settle(run, months, later)
    assert emulator.summary()["packets"] == before + 1
    world.now = later.now
    resume = ResumeParty(party="national", reason="xong")
    over = await world.ask("admin", resume, world.authority, subject="administration")
    assert over.answer["code"] == "party-not-paused"
    assert (await world.ask("admin", pause.model_copy(update={"until": None}), world.authority,
        subject="administration")).status == 201  # fmt: skip
    rows = await world.rows("SELECT since, until, resumed_at FROM party_pauses ORDER BY since")
    assert [row.resumed_at for row in rows] == [pause.until, None]
    assert (await world.ask("admin", resume, world.authority, subject="administration")).status == 200
