"""What a tree of agencies must be on every day: parents stand, nothing is above itself, codes are one's own.

Judged around the agencies that were touched, so that one change in a tree of ten thousand costs little. Pure.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from models.lifecycle.tree import Span, Tree, TreeError


def check(tree: Tree, last: Mapping[UUID, int], before: Mapping[UUID, tuple[Span, ...]]) -> None:
    """Refuse what the touched agencies make of the tree.

    ``last`` names the operation that touched each agency last, ``before`` its spans of before: what was so
    already is not held against anybody.

    Raises:
        TreeError: ``parent-not-standing``, ``agency-has-units``, ``agency-cycle``, ``code-taken``.
    """
    for agency, line in last.items():
        old = before[agency]
        for span in tree.spans[agency]:
            if not span.state.ended and span not in old:
                _parent(tree, agency, span, last)
                _circle(tree, agency, span, line)
        _units(tree, agency, line)
    _codes(tree, last, before)


def _parent(tree: Tree, agency: UUID, span: Span, last: Mapping[UUID, int]) -> None:
    """The one above stands for as long as this one stands below it; whoever was touched last is wrong."""
    parent = span.state.parent_id
    day = _uncovered(tree, parent, span.since, span.until) if parent is not None else None
    if parent is None or day is None:
        return
    if last.get(parent, -1) > last[agency]:
        raise TreeError("agency-has-units", parent, last[parent], day)
    raise TreeError("parent-not-standing", agency, last[agency], day)


def _units(tree: Tree, agency: UUID, line: int) -> None:
    """Nothing goes on standing below an agency that has ended."""
    for unit in sorted(tree.ever_under(agency)):
        for span in tree.spans[unit]:
            if span.state.ended or span.state.parent_id != agency:
                continue
            day = _uncovered(tree, agency, span.since, span.until)
            if day is not None:
                raise TreeError("agency-has-units", agency, line, day)


def _uncovered(tree: Tree, agency: UUID, since: date, until: date | None) -> date | None:
    """The first day of a period on which an agency does not stand."""
    spans = tree.spans.get(agency, ())
    at = since
    for span in spans:
        met = span.within(at, until)
        if met is None:
            continue
        if met[0] > at or span.state.ended:
            return min(met[0], at)
        if met[1] is None or met[1] == until:
            return None
        at = met[1]
    return at


def _circle(tree: Tree, agency: UUID, span: Span, line: int) -> None:
    """Walk up on every day of the span on which something of the way up changes."""
    at: date | None = span.since
    while at is not None and (span.until is None or at < span.until):
        path: list[UUID] = []
        ends: list[date] = []
        here: UUID | None = agency
        while here is not None:
            if here in path:
                raise TreeError("agency-cycle", agency, line, at)
            path.append(here)
            step = tree.span(here, at)
            if step is None or step.state.ended:
                break
            if step.until is not None:
                ends.append(step.until)
            here = step.state.parent_id
        at = min(ends, default=None)


def _codes(tree: Tree, last: Mapping[UUID, int], before: Mapping[UUID, tuple[Span, ...]]) -> None:
    """No two agencies that stand on one day have the same code."""
    wanted = {
        span.state.code
        for agency in last
        for span in tree.spans[agency]
        if span not in before[agency] and not span.state.ended
    }
    holders: dict[str, list[tuple[UUID, Span]]] = defaultdict(list)
    for agency, spans in tree.spans.items():
        for span in spans:
            if span.state.code in wanted and not span.state.ended:
                holders[span.state.code].append((agency, span))
    for held in holders.values():
        held.sort(key=lambda one: (one[1].since, one[0]))
        for number, (agency, span) in enumerate(held):
            for other, later in held[number + 1 :]:
                met = span.within(later.since, later.until)
                if other != agency and met is not None:
                    _taken(agency, other, last, met[0])


def _taken(one: UUID, other: UUID, last: Mapping[UUID, int], day: date) -> None:
    """The later of the operations that touched the two is wrong; none where neither was touched."""
    mine = max((agency for agency in (one, other) if agency in last), key=lambda a: last[a], default=None)
    if mine is not None:
        raise TreeError("code-taken", mine, last[mine], day)
