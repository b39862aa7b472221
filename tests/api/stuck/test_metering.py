"""Metrics as a monitoring system asks for them: what stands still in numbers, and nobody's data."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from api.stuck.metering import Meter, runtime_of
from models.command_admin import PauseParty
from models.database import engine_for
from tests.world import build, tools_for

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


async def test_counted_and_served(database: Any, tmp_path: Path, free_port: Callable[[], int]) -> None:
    assert runtime_of(database.settings(tmp_path)) is None, "served only where an address says so"
    settings = database.settings(tmp_path, metrics_address=f"127.0.0.1:{free_port()}")
    runtime = runtime_of(settings)
    assert runtime is not None
    engine = engine_for(database.url("worker"), pool_size=1)
    world = await build(tools_for(engine, tmp_path), START)
    await world.employ(until="account")
    body = PauseParty(party="mail", reason="đổi máy chủ của Nguyễn")
    assert (await world.ask("admin", body, world.authority, subject="administration")).status == 201

    async def now() -> datetime:
        return START + timedelta(hours=1)

    await Meter(runtime, settings, world.tools, now).once()
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"http://{settings.metrics_address}/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("hoso_stuck{")]
    told = {line.split('kind="')[1].split('"')[0]: line.split()[-1] for line in lines}
    assert (told["party-paused"], told["mail-unsent"]) == ("1", "0")
    assert all('authority="hanoi"' in line for line in lines)
    assert "Nguyễn" not in text
    await engine.dispose()
