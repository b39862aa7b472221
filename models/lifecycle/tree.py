"""The tree of agencies as a dated value: how each stood, stands and will stand, on any day. Pure.

Periods are half-open: ``until`` is the first day on which it is no longer so, None is open. The spans of one
agency follow each other without gap or overlap from its first day on; that it has ended is said by a span,
too, so that what was undone stands again without a hole in its history. Identity never changes; everything
else is dated (R22), and no level of the tree is hard-coded. Changes are made by ``tree_changes``.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from uuid import UUID


class TreeError(ValueError):
    """What the tree does not bear, by code: ``agency-unknown``, ``agency-ended``, ``agency-exists``,
    ``agency-cycle``, ``agency-has-units``, ``parent-not-standing``, ``code-taken``, ``code-malformed``,
    ``month-closed``, ``nothing-changes``.

    ``line`` is the operation that is wrong, counted from 0; ``agency_id`` the agency it is about; ``day`` the
    first day on which it would be so.
    """

    def __init__(self, code: str, agency_id: UUID, line: int = 0, day: date | None = None) -> None:
        super().__init__(f"{code}: operation {line}, agency {agency_id}, {day or 'any day'}")
        self.code = code
        self.agency_id = agency_id
        self.line = line
        self.day = day


@dataclass(frozen=True, slots=True)
class State:
    """How an agency stands. ``ended``: it exists no longer; the rest is then what it was last."""

    code: str
    """Electronic identifier (QĐ 20/2020/QĐ-TTg)."""
    name: str
    kind: str
    parent_id: UUID | None = None
    has_account: bool = False
    standing: str | None = None
    """``constituent`` (thuộc) or ``subordinate`` (trực thuộc); none where nobody said it."""
    legacy_code: str | None = None
    """Its code of before, read from right to left (QCVN 102:2016), e.g. ``000.00.00.H49``."""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """How an agency stands from a day until before another."""

    since: date
    until: date | None
    state: State

    def holds(self, day: date) -> bool:
        """Whether the day lies within."""
        return self.since <= day and (self.until is None or day < self.until)

    def within(self, since: date, until: date | None) -> "tuple[date, date | None] | None":
        """The part of a period that lies within this span; none where they do not meet."""
        start = max(self.since, since)
        ends = [end for end in (self.until, until) if end is not None]
        end = min(ends) if ends else None
        return None if end is not None and end <= start else (start, end)


@dataclass(frozen=True, slots=True)
class Link:
    """One agency came from another, on a day: ``merged``, ``consolidated``, ``divided``, ``separated``,
    ``restored``."""

    predecessor_id: UUID
    successor_id: UUID
    on: date
    kind: str


@dataclass(frozen=True)
class Tree:
    """All agencies of an authority with their spans, the oldest first, and what came from what."""

    spans: Mapping[UUID, tuple[Span, ...]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()

    def span(self, agency_id: UUID, day: date) -> Span | None:
        """The span of a day, of an ended agency too; none before its first day or where it is unknown."""
        return next((one for one in self.spans.get(agency_id, ()) if one.holds(day)), None)

    def state(self, agency_id: UUID, day: date) -> State | None:
        """How it stands on a day; none where it does not."""
        span = self.span(agency_id, day)
        return None if span is None or span.state.ended else span.state

    def on(self, day: date) -> dict[UUID, State]:
        """Every agency that stands on a day."""
        found = ((agency, self.state(agency, day)) for agency in self.spans)
        return {agency: state for agency, state in found if state is not None}

    def line(self, agency_id: UUID, day: date) -> tuple[UUID, ...]:
        """The agency and all above it on a day, nearest first; empty where it does not stand.

        Raises:
            TreeError: ``agency-cycle``.
        """
        line: list[UUID] = []
        at: UUID | None = agency_id
        while at is not None:
            if at in line:
                raise TreeError("agency-cycle", at, day=day)
            state = self.state(at, day)
            if state is None:
                break
            line.append(at)
            at = state.parent_id
        return tuple(line)

    @cached_property
    def _under(self) -> dict[UUID, set[UUID]]:
        under: dict[UUID, set[UUID]] = {}
        for agency, spans in self.spans.items():
            for span in spans:
                if span.state.parent_id is not None:
                    under.setdefault(span.state.parent_id, set()).add(agency)
        return under

    def ever_under(self, agency_id: UUID) -> frozenset[UUID]:
        """Agencies that have, had or will have it for their next above."""
        return frozenset(self._under.get(agency_id, ()))

    def children(self, agency_id: UUID, day: date) -> frozenset[UUID]:
        """Agencies next below it on a day."""
        states = ((one, self.state(one, day)) for one in self.ever_under(agency_id))
        return frozenset(one for one, state in states if state is not None and state.parent_id == agency_id)

    def below(self, agency_id: UUID, day: date) -> frozenset[UUID]:
        """The agency and everything below it on a day; empty where it does not stand."""
        if self.state(agency_id, day) is None:
            return frozenset()
        found, waiting = {agency_id}, [agency_id]
        while waiting:
            more = self.children(waiting.pop(), day) - found
            found |= more
            waiting.extend(more)
        return frozenset(found)

    def ever_below(self, agencies: Iterator[UUID] | frozenset[UUID] | set[UUID]) -> frozenset[UUID]:
        """These agencies and all that were, are or will be below one of them: whose lines may change."""
        found = set(agencies)
        waiting = list(found)
        while waiting:
            more = self.ever_under(waiting.pop()) - found
            found |= more
            waiting.extend(more)
        return frozenset(found)

    def days(self) -> tuple[date, ...]:
        """Every day on which something changes, in order."""
        return tuple(sorted({span.since for spans in self.spans.values() for span in spans}))

    def by_code(self, code: str, day: date) -> UUID | None:
        """The agency that has a code on a day."""
        return next((agency for agency, state in self.on(day).items() if state.code == code), None)

    def digest(self, day: date) -> str:
        """SHA-256 of the tree as it stands on a day: two trees that look the same that day have the same."""
        view = {str(agency): _plain(state) for agency, state in self.on(day).items()}
        text = json.dumps(view, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(state: State) -> dict[str, object]:
    values = asdict(state)
    parent = values["parent_id"]
    return values | {"parent_id": str(parent) if parent is not None else None}
