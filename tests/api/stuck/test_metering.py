"""Metrics as a monitoring system asks for them: what stands still in numbers, and nobody's data."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from temporalio.client import Client

from api.stuck.gathering import gather
from api.stuck.kinds import KINDS
from api.stuck.metering import Meter, runtime_of
from models.command_admin import PauseParty
from models.database import engine_for
from tests.api.stuck.test_gathering import certificates_end
from tests.world import build, tools_for

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
NOW = START + timedelta(days=1)


async def test_whatever_hoso_stuck_finds_is_counted_and_served(
    database: Any, tmp_path: Path, free_port: Callable[[], int], temporal_server: Any
) -> None:
    """Rows, files, certificates and the engine: the worker's numbers are those an administrator reads."""
    assert runtime_of(database.settings(tmp_path)) is None, "served only where an address says so"
    settings = database.settings(
        tmp_path, metrics_address=f"127.0.0.1:{free_port()}", task_queue=f"nobody-{uuid4().hex}"
    )
    runtime = runtime_of(settings)
    assert runtime is not None
    engine, reader = engine_for(database.url("worker"), pool_size=1), engine_for(database.url("api"))
    world = await build(tools_for(engine, tmp_path), START)
    await world.employ(until="account")
    body = PauseParty(party="mail", reason="đổi máy chủ của Nguyễn")
    assert (await world.ask("admin", body, world.authority, subject="administration")).status == 201
    await certificates_end(world)

    async def now() -> datetime:
        return NOW

    for client in (await Client.connect(temporal_server.address), None):
        await Meter(runtime, settings, world.tools, now, client).once()
        text = await _served(settings.metrics_address)
        lines = [line for line in text.splitlines() if line.startswith("hoso_stuck{")]
        told = {line.split('kind="')[1].split('"')[0]: int(line.split()[-1]) for line in lines}
        assert told.keys() == KINDS.keys(), "every kind, also those of which there is nothing"
        found = await gather(reader, client, settings, world.tools.ring, world.authority, NOW)
        assert {kind: n for kind, n in told.items() if n} == Counter(one.kind for one in found.items)
        assert (told["party-paused"], told["mail-unsent"]) == (1, 0)
        assert (told["seal-expiring"], told["tsa-expiring"]) == (1, 1)
        away = client is None
        assert (told["engine-away"], told["worker-absent"]) == ((1, 0) if away else (0, 3))
        assert all('authority="hanoi"' in line for line in lines)
        assert "Nguyễn" not in text
    await engine.dispose()
    await reader.dispose()


async def _served(address: str | None) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{address}/metrics")).text
