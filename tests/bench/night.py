"""Deadlines by the thousand due the same night, beside bare timers as cold and with the same transaction.

Every profile has one duty whose next rung of the ladder has come, and one workflow that sleeps until the same
instant. Drained means: every duty has climbed. Whether each did so once and none before its time is counted
from the rows, beside a list of everybody (`night_counted`). Commands about other people go on meanwhile.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import psycopg
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from models.identifiers import profile_workflow
from models.messages import Ask, Life
from models.record.act import act
from tests.bench import captured
from tests.bench.bare_night import Night
from tests.bench.command_path import bare_worker
from tests.bench.machine import Meter
from tests.bench.month_end import Took
from tests.bench.night_counted import COMMIT_TIMES, Counted, Due, Told, count, figures, told
from tests.bench.people import people, session, settle_in
from tests.bench.report import Figure, Say, percentile
from tests.bench.stage import Stage, stage
from tests.bench.web import Wire, steady
from tests.world import World
from workflows.payload_codec import data_converter
from workflows.profile import ProfileWorkflow

QUEUE = "bare-night"
VISITORS, PACE = 20, 5.0
LANES = 16
SAYING = 2_000
"""Lives between two lines about how many were started."""
TELLING = 30.0
"""Seconds between two lines about how many have climbed."""
PATIENCE = 900.0
_NAMES = (
    "SELECT string_agg(column_name, ', ') FROM information_schema.columns WHERE table_name = 'duties'"
    " AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'profile_id')"
)
# Opened long ago, and the second working day before the due day is past, the due day not: one rung has come.
_LIKE = (
    "UPDATE duties SET opened_at = %(now)s - interval '20 days', due_on = %(day)s + 1,"
    " nominal_due_on = %(day)s + 1,"
    " due_at = %(now)s + interval '2 days', ladder_step = 0, next_wake_at = %(now)s"
    " WHERE profile_id = %(id)s AND state = 'open' RETURNING id"
)
_DUE = "UPDATE duties SET next_wake_at = %s WHERE profile_id = ANY (%s)"
_WAKE = "UPDATE profiles SET next_wake_at = %s WHERE id = ANY (%s)"
_CLIMBED = "SELECT count(*) FROM duties WHERE profile_id = ANY (%s) AND ladder_step > 0"
QUIET = 5.0
"""Seconds that are waited for a second waking of anybody, once all have climbed."""


@dataclass(frozen=True, slots=True)
class Drained:
    """One way: from the instant on which all were due to the last of them."""

    took: Took
    counted: Counted


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Both ways on servers of the same kind, one after the other."""
    size, lead = (100, 30.0) if quick else (10_000, 420.0)
    bare, _ = await _night(say, size, lead, ours=False)
    ours, latencies = await _night(say, size, lead, ours=True)
    return [
        Figure(
            "deadlines due the same instant, drained",
            size / ours.took.seconds,
            "a second",
            0.8,
            "higher",
            bare=size / bare.took.seconds,
            ratio=bare.took.seconds / ours.took.seconds,
            sizes=f"{size} profiles asleep, one duty each; ours {ours.took.seconds:.1f} s, bare"
            f" {bare.took.seconds:.1f} s",
            where={name: spent / size * 1000 for name, spent in ours.took.spent.items()}
            | {f"bare:{name}": spent / size * 1000 for name, spent in bare.took.spent.items()},
            note=f"by CPU the bare way costs {bare.took.cpu / ours.took.cpu:.2f} of ours; time in ms of CPU"
            " each",
        ),
        *figures("deadlines", ours.counted),
        *figures("bare timers", bare.counted),
        Figure(
            f"commands about others meanwhile, p95 at {PACE:g}/s",
            percentile(latencies, 0.95) * 1000,
            "ms",
            300,
            sizes=f"{len(latencies)} commands; median {percentile(latencies, 0.5) * 1000:.0f} ms",
        ),
    ]


async def _night(say: Say, size: int, lead: float, *, ours: bool) -> tuple[Drained, list[float]]:
    with stage(database_options=COMMIT_TIMES) as built:
        world = await settle_in(built)
        first, *others = people(built, world, size + VISITORS + 1)
        visitors, profiles = others[:VISITORS], others[VISITORS:]
        like, once, statements = await _wake(built, world, first)
        _owe(built, like, profiles)
        due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=lead)
        with psycopg.connect(built.superuser, autocommit=True) as connection:
            connection.execute(_DUE, [due, profiles])
            connection.execute(_WAKE, [due, profiles])
            connection.execute("VACUUM ANALYZE")
        built.worker("workflows")
        if ours:
            built.api()
        else:
            more = {"profile": first, "command": first, "statements": statements}
            bare_worker(built, world, "tests.bench.bare_night", QUEUE, more)
        await _asleep(built, world, profiles, due, say, ours=ours)
        say(f"{size} asleep {(due - datetime.now(UTC)).total_seconds():.0f} s before they are due")
        took, latencies = await _drained(built, world, profiles, visitors, due, say, ours=ours)
        counted = count(built, [Due(profile, due, 1, once) for profile in profiles])
        await world.tools.engine.dispose()
    return Drained(took, counted), latencies


async def _wake(
    built: Stage, world: World, profile: UUID
) -> tuple[UUID, Counter[Told], list[captured.Statement]]:
    """A duty as all get it, whom its one wake tells, and the statements of it.

    The law is already read, as in a warm process.
    """
    today = world.now.date()
    await world.ask("culture.hr", captured.notice(1, today), profile)
    with psycopg.connect(built.superuser, autocommit=True) as connection:
        values = {"day": today, "now": world.now, "id": profile}
        row = connection.execute(_LIKE, values).fetchone()
    assert row is not None
    before = told(built, [profile])[profile]
    ask = Ask(
        authority_id=world.authority, subject="profile", subject_id=profile, internal="wake", now=world.now
    )
    with captured.statements() as found:
        moment = await act(world.tools, ask)
    assert moment.version > 1, "the wake changed nothing"
    assert built.sql("SELECT ladder_step FROM duties WHERE id = %s", row[0]) > 0, "no rung had come"
    once = told(built, [profile])[profile] - before
    assert once, "the wake told nobody"
    return row[0], once, list(found)


def _owe(built: Stage, like: UUID, profiles: Sequence[UUID]) -> None:
    """The same duty for everybody, as it was before its wake; its id is the one the bare statements name."""
    rows = [(uuid5(profile, like.hex), profile) for profile in profiles]
    with psycopg.connect(built.superuser) as connection:
        names = connection.execute(_NAMES).fetchone()
        assert names is not None
        connection.execute("CREATE TEMP TABLE owed (id uuid, profile_id uuid) ON COMMIT DROP")
        with connection.cursor().copy("COPY owed FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        columns = str(names[0])
        values = ", ".join(f"d.{name}" for name in columns.split(", "))
        connection.execute(
            f"INSERT INTO duties (id, profile_id, {columns}) SELECT o.id, o.profile_id, {values}"  # type: ignore[arg-type] # names of its columns
            " FROM owed o CROSS JOIN duties d WHERE d.id = %s",
            [like],
        )
        connection.execute("UPDATE duties SET ladder_step = 0 WHERE id IN (SELECT id FROM owed)")


async def _asleep(
    built: Stage, world: World, profiles: Sequence[UUID], due: datetime, say: Say, *, ours: bool
) -> None:
    """Start everybody's workflow and see that all sleep before they are due."""
    settings = built.settings
    plain = await Client.connect(settings.temporal_address)
    sealed = await Client.connect(settings.temporal_address, data_converter=data_converter(built.ring))

    async def our(profile: UUID) -> None:
        life = Life(authority_id=world.authority, profile_id=profile)
        name = profile_workflow(profile)
        await sealed.start_workflow(
            ProfileWorkflow.run,
            life,
            id=name,
            task_queue=settings.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,  # the API may have
        )

    async def other(profile: UUID) -> None:
        await plain.start_workflow(
            Night.run, args=[str(profile), due.timestamp()], id=str(profile), task_queue=QUEUE
        )

    await _lanes(profiles, our if ours else other, say)
    if datetime.now(UTC) > due - timedelta(seconds=2):
        raise TimeoutError("not all were asleep when they were due: give them more time")


async def _lanes(profiles: Sequence[UUID], one: Callable[[UUID], Awaitable[None]], say: Say) -> None:
    waiting = enumerate(profiles, start=1)

    async def lane() -> None:
        for number, profile in waiting:
            await one(profile)
            if number % SAYING == 0:
                say(f"  {number} of {len(profiles)} started")

    await asyncio.gather(*(lane() for _ in range(LANES)))


async def _drained(
    built: Stage,
    world: World,
    profiles: list[UUID],
    visitors: list[UUID],
    due: datetime,
    say: Say,
    *,
    ours: bool,
) -> tuple[Took, list[float]]:
    notice = await _notice(built, world, visitors) if ours else None
    async with await psycopg.AsyncConnection.connect(built.superuser, autocommit=True) as connection:
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        meter, begun, over = Meter(built.processes), time.perf_counter(), asyncio.Event()
        async with asyncio.TaskGroup() as beside:
            flow = (
                beside.create_task(steady(notice, lanes=len(visitors), per_second=PACE, over=over))
                if notice is not None
                else None
            )
            await _climbed(connection, profiles, say)
            took = Took(time.perf_counter() - begun, meter.spent())
            over.set()
    await asyncio.sleep(QUIET)
    return took, flow.result().latencies if flow is not None else []


async def _climbed(connection: psycopg.AsyncConnection[Any], profiles: list[UUID], say: Say) -> None:
    """Wait until every duty has climbed; a look a fifth of a second apart, which holds nobody up."""
    begun = told_at = time.monotonic()
    while (row := await (await connection.execute(_CLIMBED, [profiles])).fetchone()) and row[0] < len(
        profiles
    ):
        now = time.monotonic()
        if now > begun + PATIENCE:
            raise TimeoutError(f"{row[0]} of {len(profiles)} have climbed")
        if now > told_at + TELLING:
            told_at = now
            say(f"  {now - begun:.0f} s: {row[0]} of {len(profiles)} have climbed")
        await asyncio.sleep(0.2)


async def _notice(built: Stage, world: World, visitors: list[UUID]) -> Callable[[int, int], Awaitable[None]]:
    """What gives notice about other people; each got one before, as starting a workflow is not measured."""
    token, today = session(built, world, "culture.hr"), world.now.date()

    async def notice(lane: int, number: int) -> None:
        body = captured.notice(number, today).model_dump(mode="json")
        path = f"/api/v1/profiles/{visitors[lane]}/notices"
        wire = await Wire.open(built.settings.api_port, token)
        answer = await wire.post(path, body, uuid4().hex)
        wire.close()
        assert answer.status == 201, answer.body[:500]

    for lane in range(len(visitors)):
        await notice(lane, lane)
    return notice
