"""What a profile costs in cities of 1,000 to 30,000 changes: the tree grows with them, the cost must not."""

from tests.bench.city import CURVE, WHOLE, Course, course_of
from tests.bench.city_stock import City
from tests.bench.report import Figure, Say

ALLOWED = 0.2
"""How far the dearest and the cheapest may be from the middle of both."""


async def run(say: Say, *, quick: bool) -> list[Figure]:
    """One month end for each size, each on servers of its own."""
    courses = [await course_of(say, _city(size), commands=False) for size in ((200, 400) if quick else CURVE)]
    costs = [course.cpu / course.city.changed * 1000 for course in courses]
    middle = (max(costs) + min(costs)) / 2
    return [
        Figure(
            "cost curve of month ends, farthest from the middle",
            (max(costs) - middle) / middle * 100,
            "%",
            ALLOWED * 100,
            sizes=", ".join(str(course.city.changed) for course in courses) + " changed",
            where={f"{course.city.changed} (CPU)": cost for course, cost in zip(courses, costs, strict=True)}
            | {f"{one.city.changed} (wall)": one.seconds / one.city.changed * 1000 for one in courses},
            note="ms per profile",
        ),
        *(_slowest(course) for course in courses),
    ]


def _city(changed: int) -> City:
    share = changed / WHOLE.changed
    return City(
        people=round(WHOLE.people * share),
        agencies=max(2, round(WHOLE.agencies * share)),
        units=max(4, round(WHOLE.units * share)),
        changed=changed,
    )


def _slowest(course: Course) -> Figure:
    name, took = max(course.phases.items(), key=lambda phase: phase[1].cpu)
    share = took.cpu / course.cpu * 100
    return Figure(f"dearest phase at {course.city.changed}: {name}", share, "% of the CPU")
