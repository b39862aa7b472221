"""The month end of a whole city: every agency's list cut, signed by one signature, sent, receipts had.

The whole way: API, workflows, batches in processes of their own, the emulator of the national database, on
this machine. Commands about other people go on meanwhile at a steady pace. All agencies, large and small, are
under way together in each phase; the next begins when the last of them is done.
"""

from collections.abc import Iterable

from tests.bench.city_course import PACE, Course, course_of, sizes
from tests.bench.city_stock import City
from tests.bench.month_end import Took
from tests.bench.one_list import bare
from tests.bench.report import Figure, Say, percentile

WHOLE = City(people=100_000, agencies=150, units=1_500, changed=30_000)
QUICK = City(people=600, agencies=6, units=20, changed=180)
SMALL = 100
"""Items of a list that is still a small agency's."""


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """The city once, beside the bare loop over a thousand of the same forms."""
    course = await course_of(say, QUICK if quick else WHOLE)
    size = 60 if quick else 1_000
    loop = await bare(size)
    return [*phases(course), _beside(course, loop, size), *_others(course), *held(course)]


def _beside(course: Course, loop: Took, size: int) -> Figure:
    profiles = course.city.changed
    return Figure(
        "month end of a whole city, by one list for each agency",
        course.cpu / profiles * 1000,
        "ms of CPU per profile",
        1.5,
        bare=loop.cpu / size * 1000,
        ratio=(course.cpu / profiles) / (loop.cpu / size),
        sizes=sizes(course.city),
        where=_by_process(course),
        note=f"{course.seconds:.0f} s in all, {profiles / course.seconds:.0f} profiles/s; the CPU of"
        f" {len(course.answers)} commands about others is in it; bare: open, check, send",
    )


def phases(course: Course) -> list[Figure]:
    """Each phase: how long, how fast, on whose CPU, and what each process held at most."""
    city = course.city
    return [
        Figure(
            f"phase: {name}",
            took.seconds,
            "s",
            sizes=sizes(city),
            where={
                process: spent / city.changed * 1000 for process, spent in took.spent.items() if spent > 0.05
            },
            note=f"{city.changed / took.seconds:.0f} profiles/s, {took.cpu:.1f} s of CPU; ms per profile;"
            f" memory at most: {_megabytes(course.memory[name])}",
        )
        for name, took in course.phases.items()
    ]


def _megabytes(held: dict[str, int]) -> str:
    return ", ".join(f"{name} {size / 2**20:.0f}" for name, size in held.items()) + " MB"


def _others(course: Course) -> list[Figure]:
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
            sizes=sizes(course.city),
            where={name: _p95(course, name) for name in course.phases},
            note=f"p95 of those begun in each phase, in ms; {len(course.answers)} commands, median"
            f" {middle * 1000:.0f} ms, {course.unanswered} sent to their own address; until signed, at most:"
            f" {waited}",
        ),
    ]


def _p95(course: Course, phase: str) -> float:
    return percentile([one for name, one in course.answers if name == phase] or [0.0], 0.95) * 1000


def held(course: Course) -> list[Figure]:
    """What it held in memory at most, and what is left of it on disk."""
    city = course.city
    return [
        Figure(
            "memory, the most of all processes together",
            course.together / 2**20,
            "MB",
            sizes=sizes(city),
            where={name: _most(name, course.memory.values()) / 2**20 for name in course.names},
            note="shared pages counted once, looked at every 2 s in every phase; by process, at most, in MB",
        ),
        Figure(
            "growth of the databases",
            course.grown / city.changed,
            "bytes per profile",
            sizes=sizes(city),
            note=f"PostgreSQL {course.grown / 2**20:.0f} MB, engine {course.engine_grown / 2**20:.1f} MB,"
            f" {len(course.answers)} commands about others among it; {course.events / city.changed:.2f}"
            f" engine events per profile; filled in {course.seconds_to_fill:.0f} s",
        ),
    ]


def _most(name: str, looks: Iterable[dict[str, int]]) -> int:
    return max(look.get(name, 0) for look in looks)


def _by_process(course: Course) -> dict[str, float]:
    spent = {n: sum(phase.spent[n] for phase in course.phases.values()) for n in course.names}
    return {name: seconds / course.city.changed * 1000 for name, seconds in spent.items()}
