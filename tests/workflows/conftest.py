"""A worker and an API in this process, on real PostgreSQL and a real Temporal server."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.acts.office import ActOffice
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from models.database import engine_for
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World, build, tools_for
from workflows.payload_codec import data_converter
from workflows.registry import WORKFLOWS, runner


@pytest.fixture
async def world(database, tmp_path: Path) -> AsyncIterator[World]:
    engine = engine_for(database.url("worker"), pool_size=8)
    yield await build(tools_for(engine, tmp_path), datetime.now(UTC))
    await engine.dispose()


@pytest.fixture
async def client(world: World, temporal_server) -> Client:
    return await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))


@pytest.fixture
async def queue(world: World, client: Client, tmp_path: Path, pki: Path) -> AsyncIterator[str]:
    """A task queue with workers behind it."""
    acts = ActOffice(world.tools)
    signing = SigningOffice(
        world.tools,
        store_in(tmp_path / "documents", world.tools),
        DevelopmentSigners(pki),
        ThreadPoolExecutor(2),
        quiet(pki),
    )
    name = f"test-{uuid4().hex}"
    async with (
        Worker(
            client,
            task_queue=name,
            workflows=WORKFLOWS,
            activities=[acts.act, acts.month_window],
            workflow_runner=runner(),
            no_remote_activities=True,
            max_concurrent_workflow_tasks=4,
        ),
        Worker(client, task_queue=name, activities=[signing.sign_approval]),
    ):
        yield name
