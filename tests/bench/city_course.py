"""One month end of one city, phase by phase, on real servers; what it took and held meanwhile.

What looks at the rows and asks for the approvals never holds the loop up on which the commands about others
are timed: connections are kept, looks are awaited, and everybody is logged in before it begins.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from temporalio.client import Client

from models.identifiers import month_end_workflow
from models.messages import MonthStart
from tests.bench import captured
from tests.bench.city_stock import City, fill
from tests.bench.machine import Meter, Peaks
from tests.bench.month_end import Took, month_of
from tests.bench.people import people, session, sessions, settle_in
from tests.bench.report import Say
from tests.bench.stage import Stage, stage
from tests.bench.web import Wire, steady
from tests.world import World
from workflows.month_end import MonthEndWorkflow
from workflows.payload_codec import data_converter

PATIENCE = 1800.0
TELLING = 30.0
"""Seconds between two lines about how far a phase is."""
LOOKING = 0.25
"""Seconds between two looks whether a phase is over."""
IDLE = 0.5
"""Seconds of CPU that all processes together may spend in three seconds and still be at rest."""
VISITORS = 400
"""People about whom something happens meanwhile: so many that nobody gets more than some 20 notices."""
PACE = 20.0
"""Commands a second about them, as the budgets say (design.md)."""
AT_ONCE = 8
"""Agencies' heads who ask at the same instant."""
_OPENED = "SELECT count(*) = 1 FROM month_ends WHERE state = 'opened'"
_SHOWN = (
    "SELECT (SELECT count(*) FROM approval_lists WHERE state <> 'cutting') = (SELECT count(*) FROM"
    " agency_months m WHERE EXISTS (SELECT 1 FROM month_items i WHERE i.agency_month_id = m.id))"
)
_STATES = "SELECT count(*) = %s FROM month_items WHERE state = ANY (%s)"
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
    answers: list[tuple[str, float]] = field(default_factory=list)
    """Of each command about others: the phase in which it was sent, and its latency."""
    unanswered: int = 0
    """Of these, how many had no answer within the API's patience (202)."""
    memory: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of each phase: the most bytes each process held."""
    together: int = 0
    """The most bytes all of them held at one instant."""
    grown: int = 0
    engine_grown: int = 0
    events: int = 0
    seconds_to_fill: float = 0.0
    signed: list[tuple[int, float]] = field(default_factory=list)
    """Of each agency: items on its list, and seconds until it was signed since the first was."""
    now_in: str = ""
    """The phase it is in."""

    @property
    def seconds(self) -> float:
        """Wall of all phases."""
        return sum(one.seconds for one in self.phases.values())

    @property
    def cpu(self) -> float:
        """CPU of all processes in all phases."""
        return sum(one.cpu for one in self.phases.values())

    @property
    def names(self) -> list[str]:
        """The processes."""
        return list(next(iter(self.phases.values())).spent)

    @property
    def latencies(self) -> list[float]:
        """Of all commands about others."""
        return [latency for _, latency in self.answers]


@dataclass
class _Month:
    """A course under way: where, with whose sessions, and the connection that looks."""

    built: Stage
    world: World
    course: Course
    client: Client
    tokens: dict[str, str]
    look: psycopg.AsyncConnection[Any]
    peaks: Peaks
    say: Say

    async def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a look sees, as the superuser, outside every policy."""
        return await (await self.look.execute(sql.SQL(query), parameters)).fetchall()  # type: ignore[arg-type] # text of this file

    async def phase(self, name: str, ask: Callable[[], Awaitable[None]], done: str, *parameters: Any) -> None:
        """Ask for it, wait until the look says that it is over, and keep what it took."""
        course = self.course
        course.now_in = name
        await self.peaks.taken()
        meter, begun = Meter(self.built.processes), time.perf_counter()
        await ask()
        await self._until(name, done, *parameters)
        course.phases[name] = Took(time.perf_counter() - begun, meter.spent())
        course.memory[name], together = await self.peaks.taken()
        course.together = max(course.together, together)
        self.say(f"  {name}: {course.phases[name].seconds:.1f} s, {course.phases[name].cpu:.1f} s of CPU")

    async def _until(self, name: str, done: str, *parameters: Any) -> None:
        begun = told = time.monotonic()
        while not (await self.rows(done, *parameters))[0][0]:
            now = time.monotonic()
            if now > begun + PATIENCE:
                raise TimeoutError(f"{name} did not end: {await self.rows(_WHERE)}")
            if now > told + TELLING:
                told = now
                self.say(f"    {name}, {now - begun:.0f} s: {await self.rows(_WHERE)}")
            await asyncio.sleep(LOOKING)

    async def each(self, asked: list[tuple[UUID, UUID, str, dict[str, str]]]) -> None:
        """Each agency's approver asks over the API, a few at a time."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(agency: UUID, month: UUID, what: str, body: dict[str, str]) -> None:
            async with places:
                wire = await Wire.open(self.built.settings.api_port, self.tokens[f"approver.{agency}"])
                answer = await wire.post(f"/api/v1/agency-months/{month}/{what}", body, uuid4().hex)
                wire.close()
            assert answer.status in (200, 202), answer.body[:500]

        await asyncio.gather(*(one(*each) for each in asked))


async def course_of(say: Say, city: City, *, commands: bool = True) -> Course:
    """One city, from the opening of the window to the last receipt; ``commands`` about others meanwhile."""
    course = Course(city)
    with stage(emulator=True) as built:
        world = await settle_in(built)
        begun = time.perf_counter()
        visitors = people(built, world, VISITORS)
        fill(built, world, city)
        course.seconds_to_fill = time.perf_counter() - begun
        say(f"{sizes(city)}: filled in {course.seconds_to_fill:.0f} s")
        tokens = sessions(built, world, [one for one in world.accounts if one.startswith("approver.")])
        for part in ("workflows", "activities", "batches"):
            built.worker(part)
        built.api()
        converter = data_converter(built.ring)
        client = await Client.connect(built.settings.temporal_address, data_converter=converter)
        async with (
            await psycopg.AsyncConnection.connect(built.superuser, autocommit=True) as look,
            Peaks(built.processes) as peaks,
        ):
            month = _Month(built, world, course, client, tokens, look, peaks, say)
            visit = await _known(month, visitors) if commands else None
            await _at_rest(built)
            before, engine = await _size(month), _engine(built)
            over = asyncio.Event()
            async with asyncio.TaskGroup() as beside:
                if visit is not None:
                    beside.create_task(_meanwhile(course, visit, over))
                await _phases(month)
                over.set()
            course.grown, course.engine_grown = await _size(month) - before, _engine(built) - engine
            course.signed = [(listed, seconds) for listed, seconds in await month.rows(_FAIR)]
        course.events = await _events(client)
        await world.tools.engine.dispose()
    return course


async def _phases(month: _Month) -> None:
    authority, city = month.world.authority, month.course.city
    name = month_of(month.world)

    async def begin() -> None:
        start = MonthStart(authority_id=authority, month=name)
        queue = month.built.settings.task_queue
        of = month_end_workflow(authority, name)
        await month.client.start_workflow(MonthEndWorkflow.run, start, id=of, task_queue=queue)

    async def cut() -> None:
        lists = await month.rows(_LISTS)
        await month.each([(agency, month_id, "approval-lists", {}) for agency, month_id in lists])

    async def sign() -> None:
        agencies = {month_id: agency for agency, month_id in await month.rows(_LISTS)}
        shown = [
            (agencies[one], one, "approvals", {"how": "list", "list_id": str(of), "digest": digest})
            for one, of, digest in await month.rows(_LIST)
        ]
        await month.each(shown)

    async def nothing() -> None:
        """The workflows go on by themselves."""

    all_of = city.changed
    await month.phase("open and describe", begin, _OPENED)
    await month.phase("cut and show", cut, _SHOWN)
    await month.phase("sign and approve", sign, _STATES, all_of, ["approved", "sent", "accepted"])
    await month.phase("send", nothing, _STATES, all_of, ["sent", "accepted"])
    await month.phase("receipts", nothing, _STATES, all_of, ["accepted"])


Notice = Callable[[int, int], Awaitable[None]]


async def _known(month: _Month, visitors: list[UUID]) -> Notice:
    """What gives notice about one of them; each got one before, as starting a workflow is not measured."""
    built, world = month.built, month.world
    token, today = session(built, world, "culture.hr"), world.now.date()

    async def notice(lane: int, number: int) -> None:
        body = captured.notice(number, today).model_dump(mode="json")
        wire = await Wire.open(built.settings.api_port, token)
        answer = await wire.post(f"/api/v1/profiles/{visitors[lane]}/notices", body, uuid4().hex)
        wire.close()
        # 202: not answered within the API's ten seconds; then it took those ten, and is counted.
        assert answer.status in (201, 202), answer.body[:500]
        month.course.unanswered += answer.status == 202

    lanes = iter(range(len(visitors)))

    async def first() -> None:
        for lane in lanes:
            await notice(lane, lane)

    await asyncio.gather(*(first() for _ in range(AT_ONCE)))
    return notice


async def _meanwhile(course: Course, notice: Notice, over: asyncio.Event) -> None:
    """Notices about other people at a steady pace until the month end is over."""
    begun_in: list[str] = []

    async def call(lane: int, number: int) -> None:
        begun_in.append(course.now_in)
        await notice(lane, VISITORS + number)

    flow = await steady(call, lanes=VISITORS, per_second=PACE, over=over)
    course.answers = list(zip(begun_in, flow.latencies, strict=True))


async def _at_rest(built: Stage) -> None:
    """Wait until the processes have started: that is not part of a month end, and the same for any size."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        meter = Meter(built.processes)
        await asyncio.sleep(3.0)
        if sum(meter.spent().values()) < IDLE:
            return
    raise TimeoutError("the processes do not come to rest")


async def _events(client: Client) -> int:
    """Events in the histories of the month's own workflows."""
    total = 0
    async for one in client.list_workflows("WorkflowId STARTS_WITH 'month-end/'"):
        total += (await client.get_workflow_handle(one.id, run_id=one.run_id).describe()).history_length
    return total


async def _size(month: _Month) -> int:
    return int((await month.rows("SELECT pg_database_size(current_database())"))[0][0])


def _engine(built: Stage) -> int:
    with sqlite3.connect(f"file:{built.engine_file}?mode=ro", uri=True) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        return int(pages * connection.execute("PRAGMA page_size").fetchone()[0])


def sizes(city: City) -> str:
    """How large it is, in words."""
    return f"{city.people} people, {city.agencies} agencies, {city.units} units, {city.changed} changed"
