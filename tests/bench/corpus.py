"""The corpus of damage: hundreds of mutations of every kind, none accepted; every good file accepted; how
long judging one takes.
"""

import asyncio
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from models.evidence import verify_file
from tests.bench.report import Figure, Say
from tests.models.evidence import longterm, samples
from tests.models.evidence.corpus.goods import DEMANDED, GOOD
from tests.models.evidence.corpus.kinds import kinds

EACH = 200
TOLD_EACH = 10
"""Kinds between two words about how far it is."""
TIMED = ("slip, B-B", "form, one signature", "form, ten signatures", "slip, B-LTA", "evidence of a profile")


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """Damage and judge; a false accept or a false reject is an error, not a figure."""
    return await asyncio.to_thread(_measured, say, quick)  # signing runs an event loop of its own


def _measured(say: Say, quick: bool) -> list[Figure]:
    each = 5 if quick else EACH
    names = [kind.name for kind in kinds()]
    say(f"{len(names)} kinds of damage, {each} mutations of each; {len(GOOD)} kinds of good files")
    begun = time.monotonic()
    wrong = _all_judged(names, each, say)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    minutes = (used.ru_utime + used.ru_stime) / 60
    say(f"damaged and judged in {(time.monotonic() - begun) / 60:.1f} min, {minutes:.1f} min of CPU")
    refused = [name for name in GOOD if not _judged(GOOD[name](), DEMANDED.get(name))]
    if wrong or refused:
        raise AssertionError(f"false accepts: {wrong}; false rejects: {refused}")
    none = f"0 false accepts; {len(GOOD)} kinds of good files, 0 refused"
    return [
        Figure(
            "damaged files refused",
            float(len(names) * each),
            "files",
            10_000,
            better="higher",
            sizes=f"{len(names)} kinds, {each} of each; {none}",
            note="the damage is done by code that shares nothing with what judges it;"
            f" {minutes:.1f} min of CPU",
        ),
        *(_speed(name, 5 if quick else 40) for name in TIMED),
    ]


def _all_judged(names: list[str], each: int, say: Say) -> list[tuple[str, int]]:
    """Every kind in a process of its own, as many at a time as there are cores; told as they end."""
    wrong: list[tuple[str, int]] = []
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        kinds_under_way = [pool.submit(_accepted, name, each) for name in names]
        for done, one in enumerate(as_completed(kinds_under_way), start=1):
            wrong += one.result()
            if done % TOLD_EACH == 0:
                say(f"  {done} of {len(names)} kinds, {len(wrong)} accepted that should not be")
    return wrong


def _accepted(name: str, each: int) -> list[tuple[str, int]]:
    """The mutations of one kind that were accepted, by number: the same number makes the same damage
    again.
    """
    (kind,) = (one for one in kinds() if one.name == name)
    return [
        (name, number) for number, damaged, demanded in kind.mutations(each) if _judged(damaged, demanded)
    ]


def _judged(data: bytes, demanded: str | None) -> bool:
    return verify_file(data, samples.trust(), at=longterm.NOW, minimum=demanded).valid


def _speed(name: str, times: int) -> Figure:
    good = GOOD[name]()
    _judged(good, None)
    begun = time.process_time()
    for _ in range(times):
        _judged(good, None)
    spent = (time.process_time() - begun) / times
    return Figure(
        f"judging: {name}",
        spent * 1000,
        "ms CPU",
        better="lower",
        sizes=f"{len(good) / 1024:,.0f} KB, {times} times",
    )
