"""What time it is for OCSP, CRLs and timestamps: the machine's, the engine's virtual one, or a switch's."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from temporalio.client import Client


class MachineClock:
    """The machine's clock."""

    async def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class EngineClock:
    """The clock of a Temporal test server, asked each time: a demo's years pass within a minute."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Client | None = None

    async def now(self) -> datetime:
        """The engine's instant. Raises what the client raises while the engine is away."""
        if self._client is None:
            self._client = await Client.connect(self._address, lazy=True)
        answer = await self._client.test_service.get_current_time(Empty())
        return answer.time.ToDatetime(tzinfo=UTC)


def clock_for(engine: str | None) -> MachineClock | EngineClock:
    """The engine's clock where an address is given, else the machine's."""
    return EngineClock(engine) if engine else MachineClock()
