"""What a sleeping profile costs the engine, beside a bare workflow with one activity and one timer."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

from temporalio.client import Client

from models.identifiers import profile_workflow
from tests.bench import captured
from tests.bench.bare_sleeper import QUEUE, Sleeper
from tests.bench.machine import cpu_seconds, resident_bytes
from tests.bench.people import people, session, settle_in
from tests.bench.report import Figure, Say, median
from tests.bench.stage import Stage, stage
from tests.bench.web import Wire
from workflows.payload_codec import data_converter

LANES = 16
IDLE_SECONDS = 20.0


def engine_bytes(built: Stage) -> int:
    """Pages in use of the engine's database, those still in its write-ahead log included."""
    with sqlite3.connect(f"file:{built.engine_file}?mode=ro", uri=True) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
        return int((pages - free) * connection.execute("PRAGMA page_size").fetchone()[0])


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Put as many of each kind to sleep, in turn, and weigh the engine's database after each."""
    size, rounds = (50, 2) if quick else (500, 2)
    ours: list[float] = []
    bare: list[float] = []
    with stage() as built:
        world = await settle_in(built)
        profiles = people(built, world, size * rounds)
        worker = built.worker("workflows")
        built.python("sleepers", ["-m", "tests.bench.bare_sleeper", built.settings.temporal_address], {})
        built.api()
        plain = await Client.connect(built.settings.temporal_address)
        client = await Client.connect(
            built.settings.temporal_address, data_converter=data_converter(built.ring)
        )
        token, today = session(built, world, "culture.hr"), world.now.date()
        memory: list[float] = []

        async def notice(wire: Wire, number: int) -> None:
            body = captured.notice(0, today).model_dump(mode="json")
            answer = await wire.post(f"/api/v1/profiles/{profiles[number]}/notices", body, uuid4().hex)
            assert answer.status == 201, answer.body[:500]

        async def sleeper(_wire: Wire, number: int) -> None:
            await plain.start_workflow(Sleeper.run, 30.0, id=str(uuid4()), task_queue=QUEUE)

        for number in range(rounds):
            span = range(number * size, (number + 1) * size)
            before = resident_bytes(worker.process.pid)
            ours.append(await _weigh(built, token, notice, span) / size)
            memory.append((resident_bytes(worker.process.pid) - before) / size)
            bare.append(await _weigh(built, token, sleeper, span) / size)
            say(f"round {number + 1}: ours {ours[-1]:,.0f} bytes, bare {bare[-1]:,.0f} bytes each")
        events = await _events(client, profile_workflow(profiles[0]))
        idle = await _idle(built)
        await world.tools.engine.dispose()
    return _figures(size, rounds, ours, bare, memory[-1], events, idle)


async def _weigh(built: Stage, token: str, one: Callable[[Wire, int], Awaitable[None]], span: range) -> float:
    """Bytes by which the engine's database grows while each of ``span`` is put to sleep."""
    before = engine_bytes(built)
    numbers = iter(span)

    async def lane() -> None:
        wire = await Wire.open(built.settings.api_port, token)
        for number in numbers:
            await one(wire, number)
        wire.close()

    await asyncio.gather(*(lane() for _ in range(LANES)))
    await asyncio.sleep(5.0)  # tasks already answered are still being tidied away
    return engine_bytes(built) - before


async def _events(client: Client, workflow_id: str) -> int:
    return len((await client.get_workflow_handle(workflow_id).fetch_history()).events)


async def _idle(built: Stage) -> float:
    """Milliseconds of CPU a second that our worker takes while everybody sleeps."""
    pid = built.processes["worker.workflows"]
    before = cpu_seconds(pid)
    await asyncio.sleep(IDLE_SECONDS)
    return (cpu_seconds(pid) - before) / timedelta(seconds=IDLE_SECONDS).total_seconds() * 1000


def _figures(
    size: int, rounds: int, ours: list[float], bare: list[float], memory: float, events: int, idle: float
) -> list[Figure]:
    sizes = f"{rounds} × {size} of each, alternating"
    return [
        Figure(
            "a sleeping profile, engine bytes",
            median(ours),
            "bytes",
            1.2,
            bare=median(bare),
            ratio=median([a / b for a, b in zip(ours, bare, strict=True)]),
            sizes=f"{sizes}; one command and one timer, {events} events",
            note="SQLite pages in use; beyond the 45-day horizon a profile has no workflow and takes none",
        ),
        Figure(
            "a sleeping profile, memory while it is cached",
            memory / 1024,
            "KiB",
            sizes=f"{sizes}; none once it has left the worker's cache",
        ),
        Figure(
            "sleeping profiles, worker CPU",
            idle,
            "ms/s",
            sizes=f"{rounds * size} asleep, {IDLE_SECONDS:.0f} s; the worker's polling, whoever sleeps",
        ),
    ]
