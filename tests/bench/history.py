"""A long history: logged, and audited row by row, beside reading the same rows and nothing else."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from activities.signing.keystore import Keystore
from models.database import engine_for
from models.evidence import TrustList
from models.history import sealing
from models.history.appending import append
from models.history.audit import Audit
from models.history.findings import Report
from models.history.leaf import link_hash
from models.history.place import SecondPlace
from models.history.witness import witness_by
from models.record.write import GENESIS
from models.settings import DatabaseRole
from tests.bench.report import Figure, Say
from tests.bench.stage import Stage, stage
from tests.models.history.stamping import stamp_at
from tests.world import World, build, tools_for

START = datetime(2025, 12, 1, 3, 0, tzinfo=UTC)
COLUMNS = (
    "authority_id", "stream_id", "number", "profile_id", "agency_id", "kind", "at", "actor_id", "actor_role",
    "rule_id", "citation", "rule_set_hash", "command_id", "facts", "previous_hash", "hash",
)  # fmt: skip
_LIVED = "SELECT * FROM events WHERE profile_id IS NOT NULL ORDER BY number"
_COPY = f"COPY events ({', '.join(COLUMNS)}) FROM STDIN"
TOGETHER = 20_000
"""Events that share a transaction of their making: only their order matters here."""


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Lives lived once, their events told again for others with chains that fit; logged, sealed, audited."""
    size = 20_000 if quick else 1_000_000
    with stage() as built:
        engine = engine_for(built.settings.database_url(DatabaseRole.WORKER))
        try:
            world = await build(tools_for(engine, built.folder), START)
            await world.employ()
            made = await asyncio.to_thread(_filled, built, world, size)
            say(f"history: {made} events")
            appending, seconds = await _logged(engine, world, made)
            pki = built.folder / "pki-of-the-bench"
            Keystore(pki).create()
            place = SecondPlace((built.folder / "second-place").as_uri())
            begun = time.perf_counter()
            now = START + timedelta(days=2)
            await sealing.seal(engine, world.authority, now, stamp_at(pki, now))
            await sealing.export(engine, world.authority, place, now)
            say(f"history: logged in {seconds:.0f} s, exported in {time.perf_counter() - begun:.1f} s")
            return [appending, await asyncio.to_thread(_audited, built, world, place, pki, made)]
        finally:
            await engine.dispose()


def _filled(built: Stage, world: World, size: int) -> int:
    """Copies as the superuser makes them: no role of ours may write so."""
    with psycopg.connect(built.superuser) as connection:
        with connection.cursor(row_factory=namedtuple_row) as cursor:
            lived = cursor.execute(
                "SELECT * FROM events WHERE profile_id IS NOT NULL ORDER BY number"
            ).fetchall()
        connection.commit()
        rows, made = _told_again(lived), 0
        while made < size:
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY events ({', '.join(COLUMNS)}) FROM STDIN") as copy,
            ):
                for _ in range(min(TOGETHER, size - made)):
                    copy.write_row(next(rows))
                    made += 1
            connection.commit()
        return made


def _told_again(lived: list[Any]) -> Iterator[tuple[Any, ...]]:
    while True:
        stream, previous = uuid4(), GENESIS
        for row in lived:
            one = SimpleNamespace(**{**row._asdict(), "stream_id": stream, "profile_id": stream})
            one.previous_hash = previous
            one.hash = previous = link_hash(one)
            yield tuple(Jsonb(one.facts) if name == "facts" else getattr(one, name) for name in COLUMNS)


async def _logged(engine: Any, world: World, made: int) -> tuple[Figure, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    while (await append(engine, world.authority, START)).added:
        pass
    wall, spent = time.perf_counter() - begun, time.process_time() - cpu
    figure = Figure(
        "events into the log",
        made / wall,
        "events/s",
        better="higher",
        sizes=f"{made:,} events, batches of 5,000",
        where={"sealer, CPU µs per event": 1e6 * spent / made},
    )
    return figure, wall


def _audited(built: Stage, world: World, place: SecondPlace, pki: Path, made: int) -> Figure:
    witness = witness_by(TrustList.load(pki / "trust.json"))
    with psycopg.connect(built.settings.libpq_url(DatabaseRole.REPORT)) as connection:
        connection.execute("SELECT set_config('hoso.authority', %s, false)", [str(world.authority)])
        connection.execute("SELECT set_config('hoso.scope', 'authority', false)")
        bare, bare_cpu, _ = _timed(lambda: _read(connection, world))
        whole, cpu, report = _timed(lambda: Audit(connection, world.authority, place, witness).run())
    assert isinstance(report, Report)
    assert report.whole, report.counts
    assert report.proven >= made
    return Figure(
        "the whole history audited",
        whole,
        "s",
        bare=bare,
        sizes=f"{report.events:,} events in {report.streams:,} streams, second place included",
        where={"audit, CPU µs per event": 1e6 * cpu / made, "bare, CPU µs per event": 1e6 * bare_cpu / made},
        note="bare: the same events read, nothing reckoned; no budget",
    )


def _timed(work: Any) -> tuple[float, float, Any]:
    begun, cpu = time.perf_counter(), time.process_time()
    done = work()
    return time.perf_counter() - begun, time.process_time() - cpu, done


def _read(connection: psycopg.Connection[Any], world: World) -> int:
    with connection.cursor(name="bare", row_factory=namedtuple_row) as cursor:
        cursor.itersize = 5_000
        cursor.execute("SELECT * FROM events WHERE authority_id = %s ORDER BY position", [world.authority])
        return sum(1 for _ in cursor)
