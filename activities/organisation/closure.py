"""The closure of the agency tree: every ancestor of every agency with the days on which it is one. Pure.

Periods are half-open: ``valid_to`` is the first day on which it is no longer so. Rows of the past are never
touched; what changes twice on one day leaves an empty period behind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

Depths = Mapping[tuple[UUID, UUID], int]
"""(ancestor, descendant) → number of steps between them; an agency is its own ancestor at 0."""


class CircleError(ValueError):
    """Agencies stand above themselves; ``members`` are those from which no root is reached."""

    def __init__(self, members: frozenset[UUID]) -> None:
        super().__init__(f"{len(members)} agencies stand above themselves")
        self.members = members


@dataclass(frozen=True, slots=True)
class Changes:
    """What today's tree says otherwise than the open rows: pairs that end, pairs that begin with depth."""

    ended: frozenset[tuple[UUID, UUID]]
    begun: Mapping[tuple[UUID, UUID], int]


def closure(parents: Mapping[UUID, UUID | None]) -> dict[tuple[UUID, UUID], int]:
    """All pairs of a forest given by its parent links.

    Raises:
        CircleError: some links lead nowhere but round; ``KeyError`` for a parent that is no agency.
    """
    lines: dict[UUID, tuple[UUID, ...]] = {}
    for agency in parents:
        _line(agency, parents, lines)
    return {(above, agency): depth for agency, line in lines.items() for depth, above in enumerate(line)}


def _line(
    agency: UUID, parents: Mapping[UUID, UUID | None], lines: dict[UUID, tuple[UUID, ...]]
) -> tuple[UUID, ...]:
    """The agency and all above it, nearest first; found lines are used again."""
    path: list[UUID] = []
    at: UUID | None = agency
    while at is not None and at not in lines:
        if at in path:
            raise CircleError(circles(parents))
        path.append(at)
        at = parents[at]
    above = lines[at] if at is not None else ()
    for one in reversed(path):
        above = (one, *above)
        lines[one] = above
    return above


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


def changes(known: Depths, wanted: Depths) -> Changes:
    """From the open rows to today's tree; a pair at another depth ends and begins."""
    ended = {pair for pair, depth in known.items() if wanted.get(pair) != depth}
    begun = {pair: depth for pair, depth in wanted.items() if known.get(pair) != depth}
    return Changes(frozenset(ended), begun)


def below(top: Iterable[UUID], depths: Depths) -> frozenset[UUID]:
    """Everything below some agencies, they included."""
    tops = frozenset(top)
    return frozenset(down for up, down in depths if up in tops)
