"""A light command through the API, beside a bare update that runs the same statements."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client

from api.cli.children import LOOPBACK
from models.settings import DatabaseRole
from tests.bench import captured
from tests.bench.bare_update import Bare
from tests.bench.machine import Meter
from tests.bench.people import connect, people, session, settle_in
from tests.bench.report import Figure, Say, median, percentile
from tests.bench.stage import Stage, stage
from tests.bench.web import Flow, Wire, closed, opened
from tests.world import World

LANES = 32
QUEUE = "bare"
_COMMAND = (
    "INSERT INTO commands (id, authority_id, account_id, verb, workflow_id, subject_id, body, key_id,"
    " body_hash, accepted_at, heard_at) SELECT %(new)s, authority_id, account_id, verb, workflow_id,"
    " subject_id, body, key_id, body_hash, accepted_at, now() FROM commands WHERE id = %(like)s"
)


@dataclass
class Bench:
    """One stage with both ways to give a command."""

    stage: Stage
    world: World
    profiles: list[UUID]
    bare_profiles: list[UUID]
    token: str
    client: Client
    like: UUID
    wires: list[Wire] = field(default_factory=list)
    given: int = 0

    async def our_flow(self, count: int) -> Flow:
        """So many commands through the API, as many in flight, over connections opened before."""
        await self.connect()
        return await closed(self.ours, count=count, lanes=LANES)

    async def connect(self) -> None:
        """New connections: the API closes those that were idle for some seconds."""
        for wire in self.wires:
            wire.close()
        self.wires = [await Wire.open(self.stage.settings.api_port, self.token) for _ in range(LANES)]

    async def ours(self, lane: int, number: int) -> None:
        """A notice through the API, answered when it was decided."""
        self.given += 1
        profile = self.profiles[number % len(self.profiles)]
        body = captured.notice(self.given, self.world.now.date()).model_dump(mode="json")
        answer = await self.wires[lane % LANES].post(f"/api/v1/profiles/{profile}/notices", body, uuid4().hex)
        assert answer.status == 201, answer.body[:500]

    def prepare(self, count: int) -> list[UUID]:
        """Commands written down for the bare way: its statements read and settle them."""
        made = [uuid4() for _ in range(count)]
        with connect(self.stage, self.world) as connection, connection.cursor() as cursor:
            cursor.executemany(_COMMAND, [{"new": one, "like": self.like} for one in made])
        return made

    async def bare(self, commands: list[UUID], number: int) -> None:
        """The bare update."""
        profile = self.bare_profiles[number % len(self.bare_profiles)]
        handle = self.client.get_workflow_handle(str(profile))
        assert await handle.execute_update(Bare.do, str(commands[number])) == 1

    async def bare_flow(self, count: int) -> Flow:
        """So many bare updates, as many in flight."""
        commands = self.prepare(count)

        async def call(_lane: int, number: int) -> None:
            await self.bare(commands, number)

        return await closed(call, count=count, lanes=LANES)


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Measure; A B A B on the same servers, the median of the ratios."""
    size, count, rounds = (40, 200, 2) if quick else (400, 800, 5)
    with stage() as built:
        bench = await _build(built, size)
        say(f"{size} profiles, {LANES} in flight, {rounds} rounds of {count} commands each way")
        await bench.our_flow(2 * size)
        await bench.bare_flow(2 * size)
        ours: list[Flow] = []
        bare: list[Flow] = []
        spent: list[dict[str, float]] = []
        for number in range(rounds):
            meter = Meter(built.processes)
            ours.append(await bench.our_flow(count))
            spent.append(meter.spent())
            meter = Meter(built.processes)
            bare.append(await bench.bare_flow(count))
            spent.append(meter.spent())
            say(f"round {number + 1}: ours {ours[-1].rate:.0f}/s, bare {bare[-1].rate:.0f}/s")
        idle = await _idle(bench, quick=quick)
        await bench.world.tools.engine.dispose()
        return _figures(size, count, ours, bare, spent, idle)


async def _idle(bench: Bench, *, quick: bool) -> Flow:
    """Twenty a second, each on a connection that is free."""
    await bench.connect()
    return await opened(bench.ours, count=60 if quick else 400, per_second=20)


def _figures(
    size: int,
    count: int,
    ours: list[Flow],
    bare: list[Flow],
    spent: list[dict[str, float]],
    idle: Flow,
) -> list[Figure]:
    where = {name: median([s[name] for s in spent[::2]]) / count * 1000 for name in spent[0]}
    where |= {f"bare:{n}": median([s[n] for s in spent[1::2]]) / count * 1000 for n in spent[0]}
    sizes = f"{size} profiles, {LANES} in flight, warm, {len(ours)} × {count} commands each way, alternating"
    return [
        Figure(
            "command through the API, throughput",
            median([f.rate for f in ours]),
            "commands/s",
            0.7,
            "higher",
            bare=median([f.rate for f in bare]),
            ratio=median([a.rate / b.rate for a, b in zip(ours, bare, strict=True)]),
            sizes=f"{sizes}; p95 {percentile(ours[-1].latencies, 0.95) * 1000:.0f} ms under that load",
            where={name: value for name, value in where.items() if value >= 0.05},
            note="time in ms of CPU per command; the client's own part is not in it",
        ),
        Figure(
            "command through the API, p95 at an open 20/s, idle",
            percentile(idle.latencies, 0.95) * 1000,
            "ms",
            150,
            sizes=f"{len(idle.latencies)} commands; median {percentile(idle.latencies, 0.5) * 1000:.0f} ms",
        ),
    ]


async def _build(built: Stage, size: int) -> Bench:
    world = await settle_in(built)
    first, *profiles = people(built, world, 2 * size + 1)
    like, statements = await captured.of_a_notice(world, first)
    built.worker("workflows")
    built.api()
    client = await Client.connect(built.settings.temporal_address)
    bare = _bare_worker(built, world, {"profile": first, "command": like, "statements": statements})
    token = session(built, world, "culture.hr")
    bench = Bench(built, world, profiles[:size], profiles[size:], token, client, like)
    for profile in bench.bare_profiles:
        await client.start_workflow(Bare.run, str(profile), id=str(profile), task_queue=QUEUE)
    assert bare
    return bench


def _bare_worker(built: Stage, world: World, more: dict[str, Any]) -> Any:
    return bare_worker(built, world, "tests.bench.bare_update", QUEUE, more)


def bare_worker(built: Stage, world: World, module: str, queue: str, more: dict[str, Any]) -> Any:
    """Start a bare worker with what it needs: the statements, and whose ids in them stay as they are."""
    held = {
        world.authority,
        world.department,
        world.culture,
        world.health,
        world.museum,
        *world.accounts.values(),
    }
    with connect(built, world) as connection:
        row = connection.execute(
            "SELECT account_id FROM profiles WHERE id = %s", [more["profile"]]
        ).fetchone()
        assert row
    file = built.folder / "bare.pickle"
    captured.keep(
        file,
        {
            **more,
            "kept": held | {row[0]},
            "address": built.settings.temporal_address,
            "database": built.settings.libpq_url(DatabaseRole.WORKER).replace("localhost", LOOPBACK),
            "queue": queue,
            "pool": built.settings.database_pool,
            "workflow_tasks": built.settings.workflow_tasks,
            "workflow_cache": built.settings.workflow_cache,
        },
    )
    return built.python("bare", ["-m", module, str(file)], {})
