"""An authority on real PostgreSQL at the end of January 2026, real signatures, the emulator's own process."""

import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from secrets import randbelow
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.batches.office import MonthOffice
from activities.national.adapter import NationalGateway
from activities.national.office import gateway_of
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from models.commands import ActivateAccount, ApproveList, CreateAccount, OpenProfile, SubmitDeclaration
from models.database import engine_for
from models.messages import Batch
from models.settings import Settings
from tests.activities.national.conftest import Emulator, emulator, emulator_process
from tests.activities.signing.conftest import http, pki_process, services
from tests.forms import COMPLETE
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for
from workflows.payload_codec import data_converter

__all__ = ["emulator", "emulator_process", "http", "pki_process", "services"]

OPENING = datetime(2026, 1, 26, 17, 0, tzinfo=UTC)
"""00:00 of 27 January 2026 in Viet Nam, when the window of that month opens."""


@pytest.fixture
async def world(database: Any, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=8)
    yield await build(tools_for(engine, tmp_path), datetime(2026, 1, 20, 3, 0, tzinfo=UTC))
    await engine.dispose()


@pytest.fixture
async def client(world: World, temporal_server: Any) -> Client:
    return await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))


@pytest.fixture
def signing(world: World, tmp_path: Path, pki: Path) -> SigningOffice:
    store, signers = (
        store_in(tmp_path / "documents", world.tools),
        DevelopmentSigners(pki),
    )
    return SigningOffice(world.tools, store, signers, ThreadPoolExecutor(2), quiet(pki))


@pytest.fixture
def settings(database: Any, tmp_path: Path, emulator: Emulator) -> Settings:
    """Settings that name the emulator and its key pair."""
    return database.settings(tmp_path / "data", task_queue=f"test-{uuid4().hex}", **national(emulator))


def national(emulator: Emulator) -> dict[str, str]:
    """How an installation knows the emulator."""
    pair = json.loads((emulator.folder / "partners.json").read_text())
    return {"national_url": emulator.url} | {f"national_{name}": value for name, value in pair.items()}


@pytest.fixture
async def gateway(settings: Settings) -> AsyncIterator[NationalGateway]:
    found = gateway_of(settings)
    assert found is not None
    yield found
    await found._http.aclose()


@pytest.fixture
def months(settings: Settings, world: World, signing: SigningOffice, gateway: NationalGateway) -> MonthOffice:
    return MonthOffice(settings, world.tools, signing, gateway)


@pytest.fixture
def run(client: Client) -> Callable[..., Awaitable[Any]]:
    """Run an activity as the engine would, at an instant and in an attempt of its own."""

    async def run_at(
        function: Any,
        argument: Any,
        *,
        at: datetime = OPENING,
        attempt: int = 1,
        details: tuple[Any, ...] = (),
    ) -> Any:
        environment = ActivityEnvironment(client)
        environment.info = dataclasses.replace(
            environment.info,
            scheduled_time=at,
            current_attempt_scheduled_time=at,
            attempt=attempt,
            heartbeat_details=details,
        )
        return await environment.run(function, argument)

    return run_at


async def submitted(world: World, n: int, agency_id: UUID | None = None, **changes: Any) -> UUID:
    """An invented person, number ``n``, whose first declaration waits for approval."""
    # The emulator remembers people across tests: a number of its own for everybody.
    profile, number = uuid4(), f"000{randbelow(10**9):09}"
    hr = "health.hr" if agency_id == world.health else "culture.hr"
    opened = await world.ask(
        hr,
        OpenProfile(
            agency_id=agency_id or world.museum,
            full_name=f"Nguyễn Thị Thử {n}",
            personal_id_number=number,
            event_on=world.now.date(),
            document="12/QĐ-SVH",
        ),
        profile,
    )
    assert opened.status == 201, opened.answer
    login = f"{profile.hex[:12]}"
    assert (await world.ask(hr, CreateAccount(login=login, password_hash="x"), profile)).status == 201
    row = await world.one("SELECT account_id FROM profiles WHERE id = :p", p=profile)
    world.accounts[str(profile)] = row.account_id
    assert (await world.ask(str(profile), ActivateAccount(password_hash="y"), profile)).status == 200
    revision, digest = await world.draft(profile, {**COMPLETE, "citizen_id_number": number, **changes})
    sent = await world.ask(str(profile), SubmitDeclaration(revision_id=revision, digest=digest), profile)
    assert sent.status == 200, sent.answer
    return profile


async def chosen(world: World, month_id: UUID, *profiles: UUID, who: str = "culture.approver") -> UUID:
    """The list's command by which the approver chooses what is approved."""
    body = ApproveList(profiles=profiles or None)
    command = await world.ask(who, body, month_id, subject="agency_month")
    assert command.status == 202, command.answer
    return command.id


def batch(world: World, month: Any, command_id: UUID | None = None) -> Batch:
    """A batch over an agency's list at the world's instant."""
    return Batch(
        authority_id=world.authority,
        agency_id=month.agency_id,
        agency_month_id=month.id,
        now=world.now,
        command_id=command_id,
    )


async def month_of(world: World, agency_id: UUID, month: str = "2026-01") -> Any:
    """The agency's list."""
    sql = "SELECT * FROM agency_months WHERE agency_id = :agency AND month = :month"
    return await world.one(sql, agency=agency_id, month=month)


async def items_of(world: World, month_id: UUID) -> dict[UUID, Any]:
    """The list's items by profile."""
    rows = await world.rows("SELECT * FROM month_items WHERE agency_month_id = :id", id=month_id)
    return {row.profile_id: row for row in rows}
