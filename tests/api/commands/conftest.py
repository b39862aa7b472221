"""The whole API in front of real servers: PostgreSQL, Temporal and a worker in this process."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.exports.office import ExportOffice
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from models.database import engine_for, transaction
from tests.api.conftest import CHEAP
from tests.notaries import quiet
from tests.stores import store_in
from tests.web import application
from tests.world import World, build, tools_for
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner

PASSWORD = "mật khẩu thử 2025"


class Person(httpx.AsyncClient):
    """Somebody logged in; ``post`` gives every request a key of its own unless it has one."""

    async def command(
        self, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        sent = {"Idempotency-Key": key or uuid4().hex, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await self.post(path, json={} if body is None else body, headers=sent)


@pytest.fixture
async def world(database, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=8)
    made = await build(tools_for(engine, tmp_path), datetime.now(UTC))
    async with transaction(engine, made.scope) as connection:
        await connection.execute(text("UPDATE accounts SET password_hash = :h"), {"h": CHEAP.hash(PASSWORD)})
        await connection.execute(text("UPDATE authorities SET installed_on = :d"), {"d": made.now.date()})
    yield made
    await engine.dispose()


@pytest.fixture
async def app(database, world: World, temporal_server, tmp_path: Path) -> AsyncIterator[Any]:
    """The application, running as its server would run it."""
    settings = database.settings(
        tmp_path,
        temporal_address=temporal_server.address,
        task_queue=f"test-{uuid4().hex}",
        key_ring=tmp_path / "keyring.json",
        master_key_file=tmp_path / "master.key",
    )
    made = application(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
def others() -> list[Callable[..., Any]]:
    """More activities for the worker: a second worker of other activities would share its queue."""
    return []


@pytest.fixture
async def worker(
    world: World, app: Any, temporal_server, pki: Path, others: list[Callable[..., Any]]
) -> AsyncIterator[None]:
    """A worker behind the API's task queue."""
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    settings = app.state.settings
    acts = ActOffice(world.tools)
    hands = (
        world.tools,
        store_in(settings.documents, world.tools),
        DevelopmentSigners(pki),
        ThreadPoolExecutor(2),
    )
    signing, exports = SigningOffice(*hands, quiet(pki)), ExportOffice(*hands, quiet(pki))
    async with (
        Worker(
            client,
            task_queue=settings.task_queue,
            workflows=WORKFLOWS,
            activities=[acts.act, acts.month_window],
            workflow_runner=runner(),
            no_remote_activities=True,
            max_concurrent_workflow_tasks=4,
        ),
        Worker(
            client,
            task_queue=settings.task_queue,
            activities=[signing.sign_approval, exports.make_export, *others],
        ),
    ):
        yield


@pytest.fixture
async def log_in(app: Any, world: World) -> AsyncIterator[Callable[..., Any]]:
    """``await log_in("culture.hr")``: a client with that account's session."""
    opened: list[Person] = []

    async def enter(who: str, login: str | None = None, password: str = PASSWORD) -> Person:
        person = Person(transport=httpx.ASGITransport(app), base_url="http://hoso/api/v1", timeout=30)
        opened.append(person)
        name = login or f"{who}-{world.authority.hex[:6]}"
        answer = await person.post("/session", json={"login": name, "password": password})
        assert answer.status_code == 201, answer.text
        person.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return person

    yield enter
    for person in opened:
        await person.aclose()


@pytest.fixture
def newcomer(world: World) -> dict[str, Any]:
    """The body that opens a profile."""
    return {
        "agency_id": str(world.museum),
        "full_name": "Nguyễn Thị Thử",
        "personal_id_number": "000190000001",
        "origin": "received",
        "event_on": world.now.date().isoformat(),
        "document": "12/QĐ-SVH",
    }


@pytest.fixture
def profile_of() -> Callable[[httpx.Response], UUID]:
    """The profile an answer speaks of."""
    return lambda answer: UUID(answer.json()["answer"]["profile_id"])
