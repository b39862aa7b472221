"""A client so light that it takes little of what it measures: HTTP/1.1 over kept connections."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from api.cli.children import LOOPBACK


@dataclass
class Answer:
    """Status and body of one answer."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Wire:
    """One kept connection to the API."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer, self._token = reader, writer, token

    @classmethod
    async def open(cls, port: int, token: str) -> Self:
        """Connect."""
        return cls(*await asyncio.open_connection(LOOPBACK, port), token)

    async def post(self, path: str, body: dict[str, Any], key: str) -> Answer:
        """Send one command and wait for its answer."""
        content = json.dumps(body).encode()
        self._writer.write(
            f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nAuthorization: Bearer {self._token}\r\n"
            f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        return Answer(int(head[9:12]), await self._reader.readexactly(length))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@dataclass
class Flow:
    """What a stream of calls took."""

    seconds: float
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Calls per second."""
        return len(self.latencies) / self.seconds


Call = Callable[[int, int], Awaitable[None]]
"""One call: number of the lane it runs in, number of the call."""


async def closed(call: Call, *, count: int, lanes: int) -> Flow:
    """As many calls as possible with so many in flight."""
    numbers, latencies = iter(range(count)), []

    async def lane(which: int) -> None:
        for number in numbers:
            begun = time.perf_counter()
            await call(which, number)
            latencies.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(lane(which) for which in range(lanes)))
    return Flow(time.perf_counter() - begun, latencies)


async def opened(call: Call, *, count: int, per_second: float) -> Flow:
    """Calls begun at a steady pace whatever the answers take; latency counts from the planned instant."""
    begun, latencies = time.perf_counter(), []

    async def one(number: int) -> None:
        planned = begun + number / per_second
        await asyncio.sleep(max(0.0, planned - time.perf_counter()))
        await call(number, number)
        latencies.append(time.perf_counter() - planned)

    await asyncio.gather(*(one(number) for number in range(count)))
    return Flow(time.perf_counter() - begun, latencies)


async def steady(call: Call, *, lanes: int, per_second: float, over: asyncio.Event) -> Flow:
    """Calls begun at a steady pace, one lane after the other, until it is over; what was begun is awaited.

    Latencies are in the order of the calls and count from the planned instant.
    """
    begun, latencies = time.perf_counter(), dict[int, float]()

    async def one(number: int, planned: float) -> None:
        await call(number % lanes, number)
        latencies[number] = time.perf_counter() - planned

    number = 0
    async with asyncio.TaskGroup() as calls:
        while not over.is_set():
            planned = begun + number / per_second
            await asyncio.sleep(max(0.0, planned - time.perf_counter()))
            calls.create_task(one(number, planned))
            number += 1
    return Flow(time.perf_counter() - begun, [latencies[one] for one in range(number)])
