"""The month end of a whole city: every agency's list cut, signed by one signature, sent, receipts had.

The whole way: API, workflows, batches in processes of their own, the emulator of the national database, on
this machine. Commands about other people go on meanwhile at a steady pace. All agencies, large and small, are
under way together in each phase; the next begins when the last of them is done.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from temporalio.client import Client

from models.identifiers import month_end_workflow
from models.messages import MonthStart
from tests.bench import captured
from tests.bench.city_stock import City, fill
from tests.bench.machine import Meter, share_bytes
from tests.bench.month_end import Took, month_of
from tests.bench.one_list import bare
from tests.bench.people import people, session, settle_in
from tests.bench.report import Figure, Say, percentile
from tests.bench.stage import Stage, stage
from tests.bench.web import Wire, opened
from tests.world import World
from workflows.month_end import MonthEndWorkflow
from workflows.payload_codec import data_converter

WHOLE = City(people=100_000, agencies=150, units=1_500, changed=30_000)
QUICK = City(people=600, agencies=6, units=20, changed=180)
CURVE = (1_000, 3_000, 10_000, 30_000)
PATIENCE = 1200.0
TELLING = 30.0
"""Seconds between two lines about how far a phase is."""
IDLE = 0.5
"""Seconds of CPU that all processes together may spend in three seconds and still be at rest."""
VISITORS = 50
SMALL = 100
"""Items of a list that is still a small agency's."""
PACE = 10.0
"""Commands a second about other people."""
_OPENED = "SELECT count(*) FROM month_ends WHERE state = 'opened'"
_SHOWN = "SELECT count(*) FROM approval_lists WHERE state <> 'cutting'"
_STATES = "SELECT count(*) FROM month_items WHERE state = ANY (%s)"
_LISTS = (
    "SELECT m.agency_id, m.id FROM agency_months m WHERE EXISTS (SELECT 1 FROM month_items i"
    " WHERE i.agency_month_id = m.id)"
)
_LIST = "SELECT agency_month_id, id, digest FROM approval_lists WHERE state = 'shown'"
_FAIR = (
    "SELECT l.listed, extract(epoch FROM max(r.at) - (SELECT min(at) FROM approval_results))::float"
    " FROM approval_results r JOIN agency_months l ON l.id = r.agency_month_id GROUP BY l.id"
)
_WHERE = "SELECT state, reason, count(*) FROM month_items GROUP BY state, reason"


@dataclass
class Course:
    """What one month end of one city took, phase by phase."""

    city: City
    phases: dict[str, Took] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)
    grown: int = 0
    engine_grown: int = 0
    events: int = 0
    seconds_to_fill: float = 0.0
    signed: list[tuple[int, float]] = field(default_factory=list)
    """Of each agency: items on its list, and seconds until it was signed since the first was."""

    @property
    def seconds(self) -> float:
        """Wall of all phases."""
        return sum(one.seconds for one in self.phases.values())

    @property
    def cpu(self) -> float:
        """CPU of all processes in all phases."""
        return sum(one.cpu for one in self.phases.values())


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """The city once, beside the bare loop over a thousand of the same forms."""
    course = await course_of(say, QUICK if quick else WHOLE)
    size = 60 if quick else 1_000
    loop = await bare(size)
    return [*_figures(course), _beside(course, loop, size), *_others(course)]


def _beside(course: Course, loop: Took, size: int) -> Figure:
    profiles = course.city.changed
    return Figure(
        "month end of a whole city, by one list for each agency",
        course.cpu / profiles * 1000,
        "ms of CPU per profile",
        1.5,
        bare=loop.cpu / size * 1000,
        ratio=(course.cpu / profiles) / (loop.cpu / size),
        sizes=_sizes(course.city),
        where=_by_process(course),
        note=f"{course.seconds:.0f} s in all, {profiles / course.seconds:.0f} profiles/s; the CPU of"
        f" {len(course.latencies)} commands about others is in it; bare: open, check, send",
    )


def _figures(course: Course) -> list[Figure]:
    city = course.city
    return [
        Figure(
            f"phase: {name}",
            took.seconds,
            "s",
            sizes=_sizes(city),
            where={
                process: spent / city.changed * 1000 for process, spent in took.spent.items() if spent > 0.05
            },
            note=f"{city.changed / took.seconds:.0f} profiles/s, {took.cpu:.1f} s of CPU; ms per profile",
        )
        for name, took in course.phases.items()
    ]


def _others(course: Course) -> list[Figure]:
    city = course.city
    small = [seconds for listed, seconds in course.signed if listed <= SMALL]
    large = [seconds for listed, seconds in course.signed if listed > SMALL]
    middle = percentile(course.latencies, 0.5)
    waited = f"lists of at most {SMALL} {max(small, default=0):.1f} s, larger {max(large, default=0):.1f} s"
    return [
        Figure(
            f"commands about others meanwhile, p95 at {PACE:g}/s",
            percentile(course.latencies, 0.95) * 1000,
            "ms",
            300,
            sizes=_sizes(city),
            note=f"{len(course.latencies)} commands, median {middle * 1000:.0f} ms;"
            f" until signed, at most: {waited}",
        ),
        Figure(
            "memory, most of all processes at the end of a phase",
            sum(course.memory.values()) / 2**20,
            "MB",
            where={name: held / 2**20 for name, held in course.memory.items()},
            note="shared pages counted once; by process in MB",
        ),
        Figure(
            "growth of the databases",
            course.grown / city.changed,
            "bytes per profile",
            note=f"PostgreSQL {course.grown / 2**20:.0f} MB, engine {course.engine_grown / 2**20:.1f} MB;"
            f" {course.events / city.changed:.2f} engine events per profile;"
            f" filled in {course.seconds_to_fill:.0f} s",
        ),
    ]


def _by_process(course: Course) -> dict[str, float]:
    names = next(iter(course.phases.values())).spent
    spent = {name: sum(phase.spent[name] for phase in course.phases.values()) for name in names}
    return {name: seconds / course.city.changed * 1000 for name, seconds in spent.items()}


def _sizes(city: City) -> str:
    return f"{city.people} people, {city.agencies} agencies, {city.units} units, {city.changed} changed"


async def course_of(say: Say, city: City, *, commands: bool = True) -> Course:
    """One city, from the opening of the window to the last receipt; ``commands`` about others meanwhile."""
    course = Course(city)
    with stage(emulator=True) as built:
        world = await settle_in(built)
        begun = time.perf_counter()
        visitors = people(built, world, VISITORS)
        fill(built, world, city)
        course.seconds_to_fill = time.perf_counter() - begun
        say(f"{_sizes(city)}: filled in {course.seconds_to_fill:.0f} s")
        for part in ("workflows", "activities", "batches"):
            built.worker(part)
        built.api()
        await _still(built)
        before, engine = _size(built), _engine(built)
        client = await Client.connect(
            built.settings.temporal_address, data_converter=data_converter(built.ring)
        )
        still = asyncio.Event()
        meanwhile = visitors if commands else []
        others = asyncio.create_task(_meanwhile(built, world, meanwhile, course, still))
        await _phases(built, world, city, course, client, say)
        still.set()
        await others
        course.grown, course.engine_grown = _size(built) - before, _engine(built) - engine
        course.events = await _events(client)
        course.signed = [(listed, seconds) for listed, seconds in _rows(built, _FAIR)]
        await world.tools.engine.dispose()
    return course


async def _phases(built: Stage, world: World, city: City, course: Course, client: Client, say: Say) -> None:
    month = month_of(world)

    async def phase(name: str, ask: Callable[[], Awaitable[None]], done: Callable[[], bool]) -> None:
        meter, begun = Meter(built.processes), time.perf_counter()
        await ask()
        await _until(built, done, name, say)
        course.phases[name] = Took(time.perf_counter() - begun, meter.spent())
        for process, pid in built.processes.items():
            course.memory[process] = max(course.memory.get(process, 0), share_bytes(pid))
        say(f"  {name}: {course.phases[name].seconds:.1f} s, {course.phases[name].cpu:.1f} s of CPU")

    async def begin() -> None:
        start = MonthStart(authority_id=world.authority, month=month)
        name = month_end_workflow(world.authority, month)
        await client.start_workflow(
            MonthEndWorkflow.run, start, id=name, task_queue=built.settings.task_queue
        )

    async def cut() -> None:
        lists = _rows(built, _LISTS)
        await _each(built, world, [(agency, month_id, "approval-lists", {}) for agency, month_id in lists])

    async def sign() -> None:
        agencies = {month_id: agency for agency, month_id in _rows(built, _LISTS)}
        shown = [
            (agencies[one], one, "approvals", {"how": "list", "list_id": str(of), "digest": digest})
            for one, of, digest in _rows(built, _LIST)
        ]
        await _each(built, world, shown)

    async def nothing() -> None:
        """The workflows go on by themselves."""

    def held(*states: str) -> Callable[[], bool]:
        return lambda: built.sql(_STATES, list(states)) == city.changed

    await phase("open and describe", begin, lambda: built.sql(_OPENED) == 1)
    await phase("cut and show", cut, lambda: built.sql(_SHOWN) == len(_rows(built, _LISTS)))
    await phase("sign and approve", sign, held("approved", "sent", "accepted"))
    await phase("send", nothing, held("sent", "accepted"))
    await phase("receipts", nothing, held("accepted"))


async def _each(built: Stage, world: World, asked: list[tuple[UUID, UUID, str, dict[str, str]]]) -> None:
    """Each agency's approver asks over the API, eight at a time."""
    places = asyncio.Semaphore(8)

    async def one(agency: UUID, month: UUID, what: str, body: dict[str, str]) -> None:
        async with places:
            wire = await Wire.open(built.settings.api_port, session(built, world, f"approver.{agency}"))
            answer = await wire.post(f"/api/v1/agency-months/{month}/{what}", body, uuid4().hex)
            wire.close()
        assert answer.status in (200, 202), answer.body[:500]

    await asyncio.gather(*(one(*each) for each in asked))


async def _meanwhile(
    built: Stage, world: World, visitors: list[UUID], course: Course, still: asyncio.Event
) -> None:
    """Notices of change about other people, at a steady pace until the month end is over."""
    token, today = session(built, world, "culture.hr"), world.now.date()
    number = 0

    async def notice(lane: int, _call: int) -> None:
        nonlocal number
        number += 1
        body = captured.notice(number, today).model_dump(mode="json")
        path = f"/api/v1/profiles/{visitors[lane]}/notices"
        wire = await Wire.open(built.settings.api_port, token)
        answer = await wire.post(path, body, uuid4().hex)
        wire.close()
        assert answer.status == 201, answer.body[:500]

    for lane in range(len(visitors)):
        await notice(lane, lane)  # the first start of its workflow is not what is measured
    while visitors and not (still.is_set() and course.latencies):
        course.latencies += (await opened(notice, count=len(visitors), per_second=PACE)).latencies


async def _still(built: Stage) -> None:
    """Wait until the processes have started: that is not part of a month end, and the same for any size."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        meter = Meter(built.processes)
        await asyncio.sleep(3.0)
        if sum(meter.spent().values()) < IDLE:
            return
    raise TimeoutError("the processes do not come to rest")


async def _until(built: Stage, done: Callable[[], bool], what: str, say: Say) -> None:
    begun = told = time.monotonic()
    while not done():
        now = time.monotonic()
        if now > begun + PATIENCE:
            raise TimeoutError(f"{what} did not end: {_rows(built, _WHERE)}")
        if now > told + TELLING:
            told = now
            say(f"    {what}, {now - begun:.0f} s: {_rows(built, _WHERE)}")
        await asyncio.sleep(0.25)


async def _events(client: Client) -> int:
    """Events in the histories of the month's own workflows."""
    total = 0
    async for one in client.list_workflows("WorkflowId STARTS_WITH 'month-end/'"):
        total += (await client.get_workflow_handle(one.id, run_id=one.run_id).describe()).history_length
    return total


def _rows(built: Stage, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(built.superuser, autocommit=True) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return] # text of this file


def _size(built: Stage) -> int:
    return int(built.sql("SELECT pg_database_size(current_database())"))


def _engine(built: Stage) -> int:
    with sqlite3.connect(f"file:{built.engine_file}?mode=ro", uri=True) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        return int(pages * connection.execute("PRAGMA page_size").fetchone()[0])
