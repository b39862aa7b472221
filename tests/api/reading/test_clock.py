"""The API's clocks: the system's, and the engine's virtual one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, SleepRequest
from temporalio.client import Client

from api import clock
from api.clock import EngineClock, SystemClock
from models.errors import RefusedError


async def test_the_systems_clock_is_aware() -> None:
    now = await SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


async def test_the_engines_clock_moves_with_virtual_time(
    time_skipping_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await Client.connect(time_skipping_server.address)
    # The server begins with its clock running; only a held one can be let go for a while.
    await client.test_service.lock_time_skipping(LockTimeSkippingRequest())
    engine = EngineClock(client)
    before = await engine.now()
    seconds = Duration()
    seconds.FromTimedelta(timedelta(days=30))
    await client.test_service.unlock_time_skipping_with_sleep(SleepRequest(duration=seconds))
    monkeypatch.setattr(clock, "KEPT_SECONDS", 3600.0)
    assert await engine.now() == before, "kept for as long as it may be"
    monkeypatch.setattr(clock, "KEPT_SECONDS", 0.0)
    assert await engine.now() - before >= timedelta(days=30)


async def test_no_engine_is_said() -> None:
    client = await Client.connect("127.0.0.1:1", lazy=True)
    with pytest.raises(RefusedError) as refused:
        await EngineClock(client).now()
    assert refused.value.refusal.code == "engine-unavailable"
