"""An agency's month end approved by one signature, beside as many single signatures and a bare loop.

Ours is the whole way through API, workflow and batches of real workers. The approval step ends when nothing
on the list waits; the month end when every item was sent. The bare loop opens, checks and sends the same
people, and approves nothing.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID, uuid4

from tests.bench.bare_month import Bare
from tests.bench.machine import Meter
from tests.bench.month_end import Took, month_of, open_list, until_sent
from tests.bench.people import connect, people, session, settle_in
from tests.bench.report import Figure, Say
from tests.bench.stage import Stage, stage
from tests.bench.web import Wire
from tests.world import World

PATIENCE = 1800.0
Found = TypeVar("Found")
_LISTED = "SELECT count(*) FILTER (WHERE state = 'listed') FROM month_items WHERE agency_month_id = %s"
_LIST = (
    "SELECT id, digest, state, reason FROM approval_lists WHERE agency_month_id = %s AND state <> 'cutting'"
)


async def run(say: Say, *, quick: bool, count: int | None = None) -> list[Figure]:
    """Measure each way once on servers of the same kind: the sizes are large, and the ratio is wide."""
    size = count or (60 if quick else 5000)
    by_list = await _by_list(say, size)
    single = await _single(say, size)
    loop = await bare(size)
    say(f"bare check and send: {loop.seconds:.1f} s for {size}")
    return _figures(size, by_list, single, loop)


def _figures(size: int, by_list: dict[str, Took], single: Took, loop: Took) -> list[Figure]:
    step, cut, whole = by_list["approve"], by_list["cut"], by_list["whole"]
    wall, cpu = single.seconds / step.seconds, single.cpu / step.cpu
    both = single.seconds / (step.seconds + cut.seconds)
    return [
        Figure(
            "approval step, how many times faster per profile by one list than by single signatures",
            wall,
            "×",
            10,
            better="higher",
            sizes=f"{size} profiles of one agency each way",
            where={
                "list, approve (wall)": step.seconds / size * 1000,
                "list, cut and show (wall)": cut.seconds / size * 1000,
                "single (wall)": single.seconds / size * 1000,
                "list, approve (CPU)": step.cpu / size * 1000,
                "list, cut and show (CPU)": cut.cpu / size * 1000,
                "single (CPU)": single.cpu / size * 1000,
            },
            note=f"in ms per profile; by CPU {cpu:.1f} ×; with the cutting of the list counted {both:.1f} ×",
        ),
        Figure(
            "month end by one list, cut to sent",
            whole.seconds / size * 1000,
            "ms per profile",
            1.5,
            bare=loop.seconds / size * 1000,
            ratio=whole.seconds / loop.seconds,
            sizes=f"{size} profiles; bare: open, check, send",
            where={name: value / size * 1000 for name, value in whole.spent.items()},
            note=f"by CPU the ratio is {whole.cpu / loop.cpu:.2f}",
        ),
    ]


async def _by_list(say: Say, size: int) -> dict[str, Took]:
    with stage(emulator=True) as built:
        world, month, post = await _ready(built, size)
        meters = {"whole": (Meter(built.processes), time.perf_counter())}
        meters["cut"] = (Meter(built.processes), time.perf_counter())
        await post("approval-lists", {})
        digest = await _shown(built, world, month)
        took = {"cut": _took(meters["cut"])}
        say(f"list of {size} cut and shown: {took['cut'].seconds:.1f} s")
        meter = (Meter(built.processes), time.perf_counter())
        await post("approvals", {"how": "list", **digest})
        await _nothing_waits(built, world, month)
        took["approve"] = _took(meter)
        say(f"list of {size} signed and approved: {took['approve'].seconds:.1f} s")
        await until_sent(built, world, size)
        took["whole"] = _took(meters["whole"])
        say(f"month end by list: {took['whole'].seconds:.1f} s")
        await world.tools.engine.dispose()
    return took


async def _single(say: Say, size: int) -> Took:
    with stage(emulator=True) as built:
        world, month, post = await _ready(built, size)
        meter = (Meter(built.processes), time.perf_counter())
        await post("approvals", {})
        await _nothing_waits(built, world, month)
        took = _took(meter)
        say(f"{size} single signatures: {took.seconds:.1f} s")
        await world.tools.engine.dispose()
    return took


async def bare(size: int) -> Took:
    """So many people opened, checked and sent by a loop of its own."""
    with stage(emulator=True) as built:
        world = await settle_in(built)
        profiles = people(built, world, size + 8, submitted=True)
        loop = Bare(built, world)
        await loop.run(profiles[:8], sign=False)
        meter = (Meter({**built.processes, "loop": os.getpid()}), time.perf_counter())
        await loop.run(profiles[8:], sign=False)
        took = _took(meter)
        await loop.close()
        await world.tools.engine.dispose()
    return took


def _took(begun: tuple[Meter, float]) -> Took:
    return Took(time.perf_counter() - begun[1], begun[0].spent())


Post = Callable[[str, dict[str, str]], Awaitable[None]]


async def _ready(built: Stage, size: int) -> tuple[World, UUID, Post]:
    """Everything started and the month open; answers its list and what asks for something over the API."""
    world = await settle_in(built)
    people(built, world, size, submitted=True)
    built.worker("workflows")
    built.worker("activities")
    built.worker("batches")
    built.api()
    month = await open_list(built, world, month_of(world))
    token = session(built, world, "culture.approver")

    async def post(what: str, body: dict[str, str]) -> None:
        wire = await Wire.open(built.settings.api_port, token)
        answer = await wire.post(f"/api/v1/agency-months/{month}/{what}", body, uuid4().hex)
        assert answer.status in (200, 202), answer.body[:500]
        wire.close()

    return world, month, post


async def _shown(built: Stage, world: World, month: UUID) -> dict[str, str]:
    with connect(built, world) as connection:
        connection.autocommit = True
        row = await _until(lambda: connection.execute(_LIST, [month]).fetchone())
    assert row[2] == "shown", row
    return {"list_id": str(row[0]), "digest": row[1]}


async def _nothing_waits(built: Stage, world: World, month: UUID) -> None:
    def done() -> bool:
        row = connection.execute(_LISTED, [month]).fetchone()
        return row is not None and row[0] == 0

    with connect(built, world) as connection:
        connection.autocommit = True
        await _until(done)


async def _until(look: Callable[[], Found]) -> Found:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        await asyncio.sleep(0.1)
    raise TimeoutError("it did not happen in time")
