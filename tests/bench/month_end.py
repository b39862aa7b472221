"""An agency's month end with one signature each, beside a bare loop of the same legal steps.

Ours is the whole way: the list's command through the API, the agency month's workflow, the batches of real
workers, the emulator of the national database as a process of its own. It ends when every item was sent.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client

from models.calendar import legal_date
from models.identifiers import month_end_workflow
from models.messages import MonthStart
from tests.bench import captured
from tests.bench.bare_month import Bare
from tests.bench.machine import Meter
from tests.bench.people import connect, people, session, settle_in
from tests.bench.report import Figure, Say, median, percentile
from tests.bench.stage import Stage, stage
from tests.bench.web import Flow, Wire, closed, opened
from tests.world import World
from workflows.month_end import MonthEndWorkflow
from workflows.payload_codec import data_converter

PATIENCE = 600.0
VISITORS = 50
"""People about whom something else happens meanwhile."""
_COUNTS = "SELECT count(*) FILTER (WHERE state IN ('sent', 'accepted')), count(*) FROM month_items"
_LIST = "SELECT id FROM agency_months WHERE agency_id = %s AND month = %s AND version > 0 AND listed > 0"


@dataclass(frozen=True, slots=True)
class Took:
    """One way once: seconds of wall and of CPU by process."""

    seconds: float
    spent: dict[str, float]
    validating: float = 0.0
    """CPU among it that judges what was signed; told of the bare loop only."""

    @property
    def cpu(self) -> float:
        """CPU of all processes together."""
        return sum(self.spent.values())


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Measure; both ways on servers of the same kind, in turn, the median of the ratios."""
    count, rounds = (40, 1) if quick else (200, 3)
    ours: list[Took] = []
    bare: list[Took] = []
    for number in range(rounds):
        ours.append(await _ours(count))
        bare.append(await _bare(count))
        say(f"round {number + 1}: ours {ours[-1].seconds:.1f} s, bare {bare[-1].seconds:.1f} s for {count}")
    beside = await _beside(2 * count)
    return [
        *_figures(count, ours, bare),
        Figure(
            "command through the API, p95 at an open 20/s, during a month end",
            percentile(beside.latencies, 0.95) * 1000,
            "ms",
            300,
            sizes=f"{len(beside.latencies)} commands while {2 * count} profiles are signed;"
            f" median {percentile(beside.latencies, 0.5) * 1000:.0f} ms",
        ),
    ]


def _figures(count: int, ours: list[Took], bare: list[Took]) -> list[Figure]:
    spent = {name: median([one.spent[name] for one in ours]) / count * 1000 for name in ours[0].spent}
    spent |= {f"bare:{name}": median([b.spent[name] for b in bare]) / count * 1000 for name in bare[0].spent}
    pairs = list(zip(ours, bare, strict=True))
    judged = median([one.validating for one in bare]) / count * 1000
    without = median([a.cpu / (b.cpu - b.validating) for a, b in pairs])
    return [
        Figure(
            "month end per profile, one signature each",
            median([one.seconds for one in ours]) / count * 1000,
            "ms",
            1.25,
            bare=median([one.seconds for one in bare]) / count * 1000,
            ratio=median([a.seconds / b.seconds for a, b in pairs]),
            sizes=f"{count} profiles of one agency, {len(ours)} rounds each way, alternating",
            where={name: value for name, value in spent.items() if value >= 0.05},
            note="time in ms of CPU per profile; by CPU the ratio is "
            f"{median([a.cpu / b.cpu for a, b in pairs]):.2f}; of the bare loop's, {judged:.1f} ms validate:"
            f" beside a loop that validates nothing it would be {without:.2f}",
        ),
        Figure(
            "month end, the engine's share of the CPU",
            median([one.spent["temporal"] / one.cpu for one in ours]) * 100,
            "%",
            5,
            sizes=f"{count} profiles",
        ),
    ]


async def _ours(count: int) -> Took:
    with stage(emulator=True) as built:
        world = await settle_in(built)
        people(built, world, count, submitted=True)
        approve = await _opened(built, world)
        meter, begun = Meter(built.processes), time.perf_counter()
        await approve()
        await until_sent(built, world, count)
        took = Took(time.perf_counter() - begun, meter.spent())
        await world.tools.engine.dispose()
    return took


async def _beside(count: int) -> Flow:
    """Commands at an open 20/s for other people while the list is signed and sent."""
    with stage(emulator=True) as built:
        world = await settle_in(built)
        others = people(built, world, VISITORS)
        people(built, world, count, submitted=True, first=VISITORS)
        approve = await _opened(built, world)
        token, today = session(built, world, "culture.hr"), world.now.date()
        wires = [await Wire.open(built.settings.api_port, token) for _ in range(VISITORS)]

        async def notice(lane: int, number: int) -> None:
            body = captured.notice(number, today).model_dump(mode="json")
            path = f"/api/v1/profiles/{others[lane % VISITORS]}/notices"
            answer = await wires[lane % VISITORS].post(path, body, uuid4().hex)
            assert answer.status == 201, answer.body[:500]

        await closed(notice, count=2 * VISITORS, lanes=VISITORS)
        await approve()
        flow = await opened(notice, count=VISITORS * 2, per_second=20)
        still = not _sent(built, world, count)
        assert still, "the list was done before the commands were: take a longer list"
        await world.tools.engine.dispose()
    return flow


async def _opened(built: Stage, world: World) -> Callable[[], Awaitable[None]]:
    """Start everything and have the month opened; answers what approves the agency's list."""
    built.worker("workflows")
    built.worker("activities")
    built.worker("batches")
    built.api()
    month_id = await open_list(built, world, month_of(world))
    token = session(built, world, "culture.approver")

    async def approve() -> None:
        wire = await Wire.open(built.settings.api_port, token)
        answer = await wire.post(f"/api/v1/agency-months/{month_id}/approvals", {}, uuid4().hex)
        assert answer.status in (200, 202), answer.body[:500]
        wire.close()

    return approve


def month_of(world: World) -> str:
    """The month whose list can be open now: this one in its window, else the last one, caught up."""
    today = legal_date(world.now)
    first = today.replace(day=1)
    opens = (first + timedelta(days=32)).replace(day=1) - timedelta(days=5)
    return f"{today if today >= opens else first - timedelta(days=1):%Y-%m}"


async def open_list(built: Stage, world: World, month: str) -> UUID:
    """Have the month opened by its workflow; answers the agency's list."""
    client = await Client.connect(built.settings.temporal_address, data_converter=data_converter(built.ring))
    await client.start_workflow(
        MonthEndWorkflow.run,
        MonthStart(authority_id=world.authority, month=month),
        id=month_end_workflow(world.authority, month),
        task_queue=built.settings.task_queue,
    )
    end = time.monotonic() + PATIENCE
    with connect(built, world) as connection:
        connection.autocommit = True
        while time.monotonic() < end:
            row = connection.execute(_LIST, [world.culture, month]).fetchone()
            if row is not None:
                return UUID(str(row[0]))
            await asyncio.sleep(0.2)
    raise TimeoutError("the month was not opened")


async def until_sent(built: Stage, world: World, count: int) -> None:
    """Wait until every item was sent; a light look a tenth of a second apart."""
    end = time.monotonic() + PATIENCE
    with connect(built, world) as connection:  # one for all looks: each new one costs the server 10 ms
        connection.autocommit = True
        while time.monotonic() < end:
            if _all_sent(connection, count):
                return
            await asyncio.sleep(0.1)
    why = built.sql("SELECT jsonb_agg(DISTINCT jsonb_build_array(state, reason)) FROM month_items")
    raise TimeoutError(f"not all was sent: {why}")


def _sent(built: Stage, world: World, count: int) -> bool:
    with connect(built, world) as connection:
        return _all_sent(connection, count)


def _all_sent(connection: Any, count: int) -> bool:
    row = connection.execute(_COUNTS).fetchone()
    assert row is not None
    return bool(row[0] == row[1] == count)


async def _bare(count: int) -> Took:
    with stage(emulator=True) as built:
        world = await settle_in(built)
        profiles = people(built, world, count + 8, submitted=True)
        loop = Bare(built, world)
        await loop.run(profiles[:8])  # warm: typesetting's fonts, the signer's key, the gateway's token
        loop.validating = 0.0
        meter, begun = Meter({**built.processes, "loop": os.getpid()}), time.perf_counter()
        await loop.run(profiles[8:])
        took = Took(time.perf_counter() - begun, meter.spent(), loop.validating)
        await loop.close()
        await world.tools.engine.dispose()
    return took
