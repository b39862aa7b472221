"""A month end and a stream of changes while everything is broken: nothing lost, nothing twice, all explained.

The national side refuses 10 % of items, lets 5 % of calls time out, does 5 % and lets them time out, cuts
connections and reports what it did as failed; meanwhile workers and the database are killed (-9) again and
again, and the emulator with them. At the end each change was accepted over there exactly once, or is listed
here with its reason. What was injected is counted by the emulator and by this loop.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg.rows import dict_row
from temporalio.client import Client

from api.cli.children import Child, ChildError
from api.cli.embedded import OTHER_SIDE, EmbeddedPostgres
from models.messages import Ask
from models.record.act import act
from tests.bench.machine import Peaks
from tests.bench.month_end import month_of, open_list
from tests.bench.people import connect, people, session, settle_in
from tests.bench.report import Figure, Say
from tests.bench.stage import Stage, emulator_program, stage
from tests.bench.web import Wire
from tests.world import World

SWITCHES = {
    "refuse_percent": 10,
    "time_out_percent": 5,
    "done_but_time_out_percent": 5,
    "cut_percent": 2,
    "done_but_cut_percent": 2,
    "done_but_failed_percent": 2,
    "server_error_percent": 2,
    "hang_seconds": 4,
    "settle_polls": 1,
    "settle_seconds": 1,
}
HASTY = "2"
"""Seconds our side waits for an answer: less than the other side hangs."""
FEW = "5"
"""Items of a packet: many calls, so that many of them meet a fault."""
TELLING = 30.0
"""Seconds between two lines about what is still awaited."""
SETTLING = 900.0
"""Seconds after the last kill within which everything must have come to its end."""
PARTS = ("workflows", "batches", "activities")
LEFT = ("listed", "approved", "cleared", "sent")
_SIZE = "SELECT pg_database_size(current_database())"
_LEFT = "SELECT count(*) FROM month_items WHERE state = ANY (%s)"
_LEFT_OF = "SELECT count(*) FROM month_items WHERE agency_month_id = %s AND state = ANY (%s)"


@dataclass(frozen=True, slots=True)
class Size:
    """How long, how many people, and how far apart the kills."""

    seconds: float
    listed: int
    """On the agency's list, a signature each: so many that it is busy with them until the last kill."""
    streamed: int
    every: float


FULL, QUICK = Size(620, 2_000, 4_000, 20), Size(45, 100, 200, 10)


@dataclass
class Chaos:
    """The processes that are killed, and how often each was."""

    built: Stage
    workers: dict[str, Child]
    month: UUID
    kills: Counter[str] = field(default_factory=Counter)
    left: list[int] = field(default_factory=list)
    """Before each kill: items of the agency's month end that were under way."""

    async def until(self, end: float, every: float) -> None:
        """Kill a worker and the database in turn with everything else, until the time is over."""
        turn, begun = 0, time.monotonic()
        while (at := begun + (turn + 1) * every) < end:
            await asyncio.sleep(at - time.monotonic())  # whatever coming back takes
            turn += 1
            name = PARTS[turn % len(PARTS)]
            await asyncio.to_thread(self._look)
            await asyncio.to_thread(self._worker, name)
            await asyncio.to_thread(self._again, "database", self.database().program())
            if turn % 3 == 0:
                await asyncio.to_thread(self._again, "emulator", emulator_program(self.built))

    def _look(self) -> None:
        self.left.append(self.built.sql(_LEFT_OF, self.month, list(LEFT)))

    def database(self) -> EmbeddedPostgres:
        """The cluster of the stage."""
        return EmbeddedPostgres(self.built.folder / "postgres", self.built.settings.database_port)

    def _worker(self, part: str) -> None:
        _kill(self.workers[part].process.pid)
        self.workers[part].process.wait()
        self.kills[f"worker {part}"] += 1
        self.workers[part] = worker(self.built, part)

    def _again(self, what: str, program: Any) -> None:
        pid = self.built.processes[program.name]
        _kill(pid)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)  # a zombie would hold PostgreSQL's lock
        self.kills[what] += 1
        for _ in range(20):
            try:
                self.built.begin(program)
            except ChildError:  # what it left behind still ends
                time.sleep(0.5)
            else:
                return
        raise ChildError(f"{what} does not come back")


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def worker(built: Stage, part: str) -> Child:
    """A worker that does not wait long for an answer."""
    return built.worker(part, HOSO_NATIONAL_TIMEOUT_SECONDS=HASTY, HOSO_NATIONAL_PACKET_ITEMS=FEW)


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Break everything for the whole time, then count."""
    size = QUICK if quick else FULL
    with stage(emulator=True) as built:
        world = await settle_in(built)
        streamed = people(built, world, size.streamed)
        listed = people(built, world, size.listed, submitted=True, first=size.streamed)
        workers = {part: worker(built, part) for part in PARTS}
        built.api()
        chaos = Chaos(built, workers, await open_list(built, world, month_of(world)))
        before = built.sql(_SIZE)
        async with Peaks(built.processes) as peaks:
            await _approve(built, world, chaos.month)
            _switch(built, SWITCHES)
            begun = time.monotonic()
            end = begun + size.seconds
            pace = size.seconds * 0.9 / size.streamed
            await asyncio.gather(chaos.until(end, size.every), _stream(world, streamed, pace, end))
            say(f"kills: {dict(chaos.kills)}; waiting for what is under way; before each: {chaos.left}")
            # The kills end here, the other side's faults do not: everything has to get through them.
            settled = await _settled(built, world, say)
            took = time.monotonic() - begun
            memory, together = await peaks.taken()
        counts = _summary(built)["fault_counts"]
        figures = _judged(built, world, [*streamed, *listed], size, chaos, counts, settled)
        changes = len(streamed) + len(listed)
        figures += [
            _busy(chaos),
            Figure("changes brought to their end meanwhile", changes / took, "a second",
                   sizes=f"{took:.0f} s from the first to the last",
                   note=f"PostgreSQL grew by {(built.sql(_SIZE) - before) / changes:.0f} bytes a change"),
            Figure("memory under faults, the most of all processes together", together / 2**20, "MB",
                   where={name: size / 2**20 for name, size in memory.items()}, note="by process, in MB"),
        ]  # fmt: skip
        await world.tools.engine.dispose()
    return figures


def _busy(chaos: Chaos) -> Figure:
    """Whether the kills hit what they were to hit."""
    idle = sum(1 for left in chaos.left if left == 0)
    left = f"{chaos.left[0]} items under way before the first, {chaos.left[-1]} before the last"
    return Figure("kills that found nothing of the agency's month end under way", idle, "", 0,
                  sizes=f"{len(chaos.left)} times a worker and the database; {left}")  # fmt: skip


async def _approve(built: Stage, world: World, month: UUID) -> None:
    wire = await Wire.open(built.settings.api_port, session(built, world, "culture.approver"))
    answer = await wire.post(f"/api/v1/agency-months/{month}/approvals", {}, uuid4().hex)
    assert answer.status in (200, 202), answer.body[:500]
    wire.close()


async def _stream(world: World, profiles: Sequence[UUID], pace: float, end: float) -> None:
    """One change after the other joins the running list by its profile's own act, whatever dies meanwhile."""
    begun = time.monotonic()
    for number, profile in enumerate(profiles):
        ask = Ask(
            authority_id=world.authority,
            subject="profile",
            subject_id=profile,
            internal="national_differs",
            now=world.now,
            bulk=True,
        )
        while True:
            try:
                await act(world.tools, ask)
            except Exception:  # the database is being killed: the same act again is the same act
                assert time.monotonic() < end + SETTLING, "the database did not come back"
                await asyncio.sleep(0.5)
            else:
                break
        await asyncio.sleep(max(0.0, begun + (number + 1) * pace - time.monotonic()))


async def _settled(built: Stage, world: World, say: Say) -> float:
    """Wait until nothing is under way any more; answers the seconds waited."""
    begun = told = time.monotonic()
    while time.monotonic() < begun + SETTLING:
        left: int | None = None
        with suppress(psycopg.OperationalError), connect(built, world) as connection:
            row = connection.execute(_LEFT, (list(LEFT),)).fetchone()
            left = row[0] if row else None
        if left == 0:
            return time.monotonic() - begun
        if time.monotonic() > told + TELLING:
            told = time.monotonic()
            for line in await _awaited(built):
                say(f"  {told - begun:.0f} s after the last kill, {left} under way: {line}")
        await asyncio.sleep(1)
    return SETTLING


async def _awaited(built: Stage) -> list[str]:
    """What the engine waits for in the lists that are open: attempt, time of the next, last failure."""
    client = await Client.connect(built.settings.temporal_address)
    found = []
    async for run in client.list_workflows(
        "ExecutionStatus = 'Running' AND WorkflowType = 'AgencyMonthWorkflow'"
    ):
        described = await client.get_workflow_handle(run.id, run_id=run.run_id).describe()
        for one in described.raw_description.pending_activities:
            until = one.next_attempt_schedule_time.seconds - time.time()
            when = f"again in {until:.0f} s" if until > 0 else "now"
            why = one.last_failure.application_failure_info.type or one.last_failure.WhichOneof(
                "failure_info"
            )
            found.append(f"{one.activity_type.name}, attempt {one.attempt}, {when}, last {why}")
    return found


def _judged(
    built: Stage,
    world: World,
    profiles: Sequence[UUID],
    size: Size,
    chaos: Chaos,
    counts: dict[str, int],
    settled: float,
) -> list[Figure]:
    """Both sides' books beside each other."""
    with connect(built, world) as connection:
        ours = connection.execute(
            "SELECT i.profile_id, i.digest, i.state, i.reason FROM month_items i"
            " ORDER BY i.profile_id, i.changed_at"
        ).fetchall()
    with psycopg.connect(chaos.database().url(OTHER_SIDE, OTHER_SIDE), row_factory=dict_row) as other:
        taken = other.execute(
            "SELECT item_key, count(*) FILTER (WHERE code = '') AS times FROM items"
            " WHERE status = 'accepted' GROUP BY item_key"
        ).fetchall()
        held = {row["key"] for row in other.execute("SELECT profile_id || '.' || digest AS key FROM records")}
    times = {row["item_key"]: row["times"] for row in taken}
    accepted = {f"{row[0]}.{row[1]}" for row in ours if row[2] in ("accepted", "released")}
    explained = {row[0] for row in ours if row[2] == "rejected" and row[3]}
    under_way = {row[0] for row in ours if row[2] in LEFT}
    known = {row[0] for row in ours if row[2] in ("accepted", "released")} | explained | under_way
    lost = len(set(profiles) - known) + len(accepted - held)
    # Of what is under way, we are still to hear: it is counted as such, and missed as such.
    ours_open = {f"{row[0]}.{row[1]}" for row in ours if row[2] in LEFT}
    twice = sum(1 for key in times if times[key] > 1)
    quiet = len({key for key, n in times.items() if n and key in held} - accepted - ours_open)
    sizes = (
        f"{len(profiles)} changes in {size.seconds:.0f} s, {size.listed} of them an agency's month end;"
        f" {len(accepted)} accepted, {len(explained)} refused with a reason; kills {dict(chaos.kills)};"
        f" {len(under_way)} under way {settled:.0f} s after the last kill"
    )
    where = {name: float(number) for name, number in sorted(counts.items())}
    return [
        Figure("changes lost, or accepted here and not held there", lost, "", 0, sizes=sizes, where=where,
               note="faults the other side injected, by kind"),
        Figure(f"changes still under way {settled:.0f} s after the last kill", len(under_way), "", 0),
        Figure("changes taken over there more than once", twice, "", 0),
        Figure("changes held there that we do not know of", quiet, "", 0),
    ]  # fmt: skip


def _address(built: Stage) -> str:
    return str(built.settings.national_url).rstrip("/")


def _switch(built: Stage, switches: dict[str, Any]) -> None:
    for _ in range(20):
        with suppress(httpx.HTTPError):
            answer = httpx.post(f"{_address(built)}/admin/faults", json=switches, trust_env=False)
            answer.raise_for_status()
            return
        time.sleep(1)
    raise TimeoutError("the emulator does not come back")


def _summary(built: Stage) -> dict[str, Any]:
    for _ in range(20):  # its database was killed a moment ago, perhaps
        with suppress(httpx.HTTPError, ValueError):
            answer = httpx.get(f"{_address(built)}/admin/summary", trust_env=False, timeout=30)
            found: dict[str, Any] = answer.raise_for_status().json()
            return found
        time.sleep(1)
    raise TimeoutError("the emulator does not come back")
