"""Our own limit: turns are even, in order, and nothing is saved up while nobody asks."""

import asyncio

from activities.national.adapter.pace import Pace


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))


async def test_turns_are_even_whoever_asks() -> None:
    clock = Clock()
    pace = Pace(4, lambda: clock.now, clock.sleep)
    await asyncio.gather(*(pace() for _ in range(4)))
    assert clock.waits == [0.25, 0.5, 0.75], "the first goes at once, each other a quarter of a second later"
    clock.now += 0.9
    await pace()
    assert clock.waits[3:] == [0.1], "its turn is a second after the first's"


async def test_a_quiet_minute_saves_no_turns_up() -> None:
    clock = Clock()
    pace = Pace(4, lambda: clock.now, clock.sleep)
    await pace()
    clock.now += 60
    for _ in range(2):
        await pace()
    assert clock.waits == [0.25]
