"""The closure of the dated tree: who stands above whom, at what distance, from when until when. Pure.

What authorisation reads. Never edited: made of the spans again after each change, and compared (R26).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from models.lifecycle.tree import Tree, TreeError


@dataclass(frozen=True, slots=True)
class Line:
    """An agency stands above another, or is that one itself at ``depth`` 0, for a half-open period."""

    ancestor_id: UUID
    descendant_id: UUID
    since: date
    until: date | None
    depth: int

    def holds(self, day: date) -> bool:
        """Whether it is so on a day."""
        return self.since <= day and (self.until is None or day < self.until)


def lines(tree: Tree, agencies: Iterable[UUID] | None = None) -> frozenset[Line]:
    """Every line of the tree, or those of some descendants only.

    Raises:
        TreeError: ``agency-cycle``.
    """
    wanted = tree.spans if agencies is None else agencies
    return frozenset(line for agency in wanted for line in _lines_of(tree, agency))


def _lines_of(tree: Tree, agency: UUID) -> Iterator[Line]:
    found: dict[tuple[UUID, int], list[tuple[date, date | None]]] = defaultdict(list)
    spans = tree.spans.get(agency, ())
    if spans:
        _climb(tree, agency, spans[0].since, None, (), found)
    for (above, depth), periods in found.items():
        for since, until in _joined(periods):
            yield Line(above, agency, since, until, depth)


def _climb(
    tree: Tree,
    at: UUID,
    since: date,
    until: date | None,
    path: tuple[UUID, ...],
    found: dict[tuple[UUID, int], list[tuple[date, date | None]]],
) -> None:
    """The agency ``at`` stands above the first of the path as long as it stands, and those above it do."""
    if at in path:
        raise TreeError("agency-cycle", at, day=since)
    for span in tree.spans.get(at, ()):
        met = span.within(since, until)
        if met is None or span.state.ended:
            continue
        found[at, len(path)].append(met)
        if span.state.parent_id is not None:
            _climb(tree, span.state.parent_id, *met, (*path, at), found)


def _joined(periods: list[tuple[date, date | None]]) -> list[tuple[date, date | None]]:
    joined: list[tuple[date, date | None]] = []
    for since, until in sorted(periods, key=lambda one: one[0]):
        if joined and joined[-1][1] == since:
            joined[-1] = (joined[-1][0], until)
        else:
            joined.append((since, until))
    return joined
