"""An agency's month end with one signature each, beside a bare loop of the same legal steps.

Ours is the whole way: the list's command through the API, the agency month's workflow, the batches of real
workers, the emulator of the national database as a process of its own. It ends when every item was sent.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from temporalio.client import Client

from models.calendar import legal_date
from models.identifiers import month_end_workflow
from models.messages import MonthStart
from tests.bench.bare_month import Bare
from tests.bench.machine import Meter
from tests.bench.people import connect, people, session, settle_in
from tests.bench.report import Figure, Say, median
from tests.bench.stage import Stage, stage
from tests.bench.web import Wire
from tests.world import World
from workflows.month_end import MonthEndWorkflow
from workflows.payload_codec import data_converter

PATIENCE = 60.0
_COUNTS = "SELECT count(*) FILTER (WHERE state IN ('sent', 'accepted')), count(*) FROM month_items"
_LIST = "SELECT id FROM agency_months WHERE agency_id = %s AND month = %s AND version > 0 AND listed > 0"


@dataclass(frozen=True, slots=True)
class Took:
    """One way once: seconds of wall and of CPU by process."""

    seconds: float
    spent: dict[str, float]

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
    return _figures(count, ours, bare)


def _figures(count: int, ours: list[Took], bare: list[Took]) -> list[Figure]:
    spent = {name: median([one.spent[name] for one in ours]) / count * 1000 for name in ours[0].spent}
    spent |= {f"bare:{name}": median([b.spent[name] for b in bare]) / count * 1000 for name in bare[0].spent}
    return [
        Figure(
            "month end per profile, one signature each",
            median([one.seconds for one in ours]) / count * 1000,
            "ms",
            1.25,
            bare=median([one.seconds for one in bare]) / count * 1000,
            ratio=median([a.seconds / b.seconds for a, b in zip(ours, bare, strict=True)]),
            sizes=f"{count} profiles of one agency, {len(ours)} rounds each way, alternating",
            where={name: value for name, value in spent.items() if value >= 0.05},
            note="time in ms of CPU per profile; by CPU the ratio is "
            f"{median([a.cpu / b.cpu for a, b in zip(ours, bare, strict=True)]):.2f}",
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
        built.worker("workflows")
        built.worker("activities")
        built.api()
        month = _month(world)
        month_id = await _open(built, world, month)
        wire = await Wire.open(built.settings.api_port, session(built, world, "culture.approver"))
        meter, begun = Meter(built.processes), time.perf_counter()
        answer = await wire.post(f"/api/v1/agency-months/{month_id}/approvals", {}, uuid4().hex)
        assert answer.status in (200, 202), answer.body[:500]
        await _until_sent(built, world, count)
        took = Took(time.perf_counter() - begun, meter.spent())
        wire.close()
        await world.tools.engine.dispose()
    return took


def _month(world: World) -> str:
    """The month whose list can be open now: this one in its window, else the last one, caught up."""
    today = legal_date(world.now)
    first = today.replace(day=1)
    opens = (first + timedelta(days=32)).replace(day=1) - timedelta(days=5)
    return f"{today if today >= opens else first - timedelta(days=1):%Y-%m}"


async def _open(built: Stage, world: World, month: str) -> UUID:
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


async def _until_sent(built: Stage, world: World, count: int) -> None:
    """Wait until every item was sent; a light look a tenth of a second apart."""
    end = time.monotonic() + PATIENCE
    with connect(built, world) as connection:
        connection.autocommit = True
        while time.monotonic() < end:
            row = connection.execute(_COUNTS).fetchone()
            assert row is not None
            if row[0] == row[1] == count:
                return
            await asyncio.sleep(0.1)
    why = built.sql("SELECT jsonb_agg(DISTINCT jsonb_build_array(state, reason)) FROM month_items")
    raise TimeoutError(f"not all was sent: {row}, {why}")


async def _bare(count: int) -> Took:
    with stage(emulator=True) as built:
        world = await settle_in(built)
        profiles = people(built, world, count + 8, submitted=True)
        loop = Bare(built, world)
        await loop.run(profiles[:8])  # warm: typesetting's fonts, the signer's key, the gateway's token
        meter, begun = Meter({**built.processes, "loop": os.getpid()}), time.perf_counter()
        await loop.run(profiles[8:])
        took = Took(time.perf_counter() - begun, meter.spent())
        await loop.close()
        await world.tools.engine.dispose()
    return took
