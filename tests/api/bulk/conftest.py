"""The API in front of real servers, with the process that carries out batches beside the worker."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.bulk.office import BulkOffice
from activities.signing.office import SigningOffice
from activities.signing.signer import DevelopmentSigners
from models.identifiers import batch_queue
from tests.api.commands.conftest import Person, app, log_in, others, worker, world
from tests.notaries import quiet
from tests.stores import store_in
from tests.world import World
from workflows.payload_codec import data_converter

__all__ = ["app", "log_in", "others", "worker", "world"]


@pytest.fixture
async def batches(world: World, app: Any, temporal_server: Any, pki: Path) -> AsyncIterator[None]:
    """The process that carries out batches."""
    settings = app.state.settings
    client = await Client.connect(temporal_server.address, data_converter=data_converter(world.tools.ring))
    hands = (
        world.tools,
        store_in(settings.documents, world.tools),
        DevelopmentSigners(pki),
        ThreadPoolExecutor(2),
    )
    office = BulkOffice(world.tools, SigningOffice(*hands, quiet(pki)))
    queue = batch_queue(settings.task_queue)
    async with Worker(client, task_queue=queue, activities=[office.run_bulk]):
        yield


async def over(person: Person, answer: Any) -> dict[str, Any]:
    """The order once it is over."""
    assert answer.status_code == 202, answer.text
    path = answer.headers["Location"].removeprefix("/api/v1")
    for _ in range(300):
        found: dict[str, Any] = (await person.get(path)).json()
        if found["state"] == "done":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def codes(person: Person, order: dict[str, Any]) -> list[str | None]:
    items = (await person.get(f"/bulk/{order['id']}/items")).json()["items"]
    return [one["code"] for one in items]
