"""Parent links that lead round, in a workbook that may hold anything. Pure."""

from collections.abc import Mapping
from uuid import UUID


def circles(parents: Mapping[UUID, UUID | None]) -> frozenset[UUID]:
    """The agencies from which no root is reached: those in a circle and those below one."""
    rooted: set[UUID] = set()
    lost: set[UUID] = set()
    for agency in parents:
        path: list[UUID] = []
        at: UUID | None = agency
        while at is not None and at not in rooted and at not in lost and at not in path:
            path.append(at)
            at = parents.get(at)
        (rooted if at is None or at in rooted else lost).update(path)
    return frozenset(lost)
