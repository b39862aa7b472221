"""What a profile costs in cities of 1,000 to 30,000 changes: the tree grows with them, the cost must not.

Judged by the time from the opening of the window to the last receipt, nothing subtracted: what a month end
waits for however small it is counts for the small city, too. Nothing else goes on meanwhile.
"""

from collections.abc import Sequence

from tests.bench.city import WHOLE, held, phases
from tests.bench.city_course import Course, course_of
from tests.bench.city_stock import City
from tests.bench.report import Figure, Say

ALLOWED = 0.2
"""How far the slowest and the fastest may be from the middle of both."""
CURVE = (1_000, 3_000, 10_000, 30_000)


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """One month end for each size, each on servers of its own."""
    courses = [await course_of(say, _city(size), commands=False) for size in ((200, 400) if quick else CURVE)]
    walls = [one.seconds / one.city.changed * 1000 for one in courses]
    costs = [one.cpu / one.city.changed * 1000 for one in courses]
    changed = [one.city.changed for one in courses]
    return [
        Figure(
            "time per profile of month ends, farthest from the middle of the slowest and the fastest",
            _farthest(walls),
            "%",
            ALLOWED * 100,
            sizes=", ".join(map(str, changed)) + " changed; nothing subtracted",
            where={f"{size} (wall)": wall for size, wall in zip(changed, walls, strict=True)}
            | {f"{size} (CPU)": cost for size, cost in zip(changed, costs, strict=True)},
            note=f"ms per profile; slowest : fastest {max(walls) / min(walls):.2f} by time,"
            f" {max(costs) / min(costs):.2f} by CPU; CPU is at most {_farthest(costs):.0f} % from its middle",
        ),
        *(figure for course in courses for figure in (*phases(course), *held(course), _slowest(course))),
    ]


def _farthest(values: Sequence[float]) -> float:
    """How far the largest is from the middle of both ends, in hundredths of it; the smallest is as far."""
    middle = (max(values) + min(values)) / 2
    return (max(values) - middle) / middle * 100


def _city(changed: int) -> City:
    share = changed / WHOLE.changed
    return City(
        people=round(WHOLE.people * share),
        agencies=max(2, round(WHOLE.agencies * share)),
        units=max(4, round(WHOLE.units * share)),
        changed=changed,
    )


def _slowest(course: Course) -> Figure:
    name, took = max(course.phases.items(), key=lambda phase: phase[1].seconds)
    share = took.seconds / course.seconds * 100
    return Figure(f"longest phase at {course.city.changed}: {name}", share, "% of the time")
