"""Operations on the tree of agencies: a tree and operations give a new tree, or the one that is wrong. Pure.

Operations of one call take effect together: what they lead to is judged when all are done, so that two
agencies may exchange their codes on one day, and a unit may move below one that is created with it. A change
goes on into later spans until what it changes is changed there by itself; nothing before its day moves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from models.lifecycle.tree import Link, Span, State, Tree, TreeError
from models.lifecycle.tree_checks import check
from models.lifecycle.tree_codes import legacy_formed, well_formed

FIELDS = ("code", "name", "kind", "parent_id", "has_account", "standing", "legacy_code")
"""What of an agency may change; that it stands is changed by `End` and `Resume`."""


@dataclass(frozen=True, slots=True)
class Create:
    """A new agency from a day on."""

    agency_id: UUID
    on: date
    state: State


@dataclass(frozen=True, slots=True)
class Change:
    """An agency is otherwise from a day on: any of `FIELDS`."""

    agency_id: UUID
    on: date
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """An agency exists no longer from a day on."""

    agency_id: UUID
    on: date


@dataclass(frozen=True, slots=True)
class Resume:
    """An ended agency stands again from a day on: how a reorganisation is undone after its day."""

    agency_id: UUID
    on: date
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Succeed:
    """One agency comes from another; it says where things went and moves nothing by itself."""

    agency_id: UUID
    """The predecessor."""
    on: date
    successor_id: UUID
    kind: str


Operation = Create | Change | End | Resume | Succeed


def rename(agency_id: UUID, on: date, name: str) -> Change:
    """Another name."""
    return Change(agency_id, on, {"name": name})


def recode(agency_id: UUID, on: date, code: str) -> Change:
    """Another electronic identifier; the one before stays its own in history."""
    return Change(agency_id, on, {"code": code})


def reparent(agency_id: UUID, on: date, parent_id: UUID | None) -> Change:
    """Below another agency, with all that is below it."""
    return Change(agency_id, on, {"parent_id": parent_id})


def apply(
    tree: Tree, operations: Sequence[Operation], *, earliest: date | None = None, coded: bool = True
) -> Tree:
    """The tree after the operations.

    ``earliest`` is the first day that is not in a closed month. ``coded`` asks new codes to be electronic
    identifiers; without it they are taken as they come (a stock of before).

    Raises:
        TreeError: with the operation that is wrong.
    """
    spans = dict(tree.spans)
    links = list(tree.links)
    last: dict[UUID, int] = {}
    for line, one in enumerate(operations):
        if earliest is not None and one.on < earliest:
            raise TreeError("month-closed", one.agency_id, line, earliest)
        if isinstance(one, Succeed):
            if one.agency_id not in spans or one.successor_id not in spans:
                unknown = one.agency_id if one.agency_id not in spans else one.successor_id
                raise TreeError("agency-unknown", unknown, line)
            links.append(Link(one.agency_id, one.successor_id, one.on, one.kind))
            continue
        spans[one.agency_id] = _after(spans.get(one.agency_id), one, line, coded=coded)
        last[one.agency_id] = line
    after = Tree(spans, tuple(links))
    check(after, last, {agency: tree.spans.get(agency, ()) for agency in last})
    return after


def _after(
    spans: tuple[Span, ...] | None, one: Create | Change | End | Resume, line: int, *, coded: bool
) -> tuple[Span, ...]:
    """The agency's spans after one operation."""
    if isinstance(one, Create):
        if spans is not None:
            raise TreeError("agency-exists", one.agency_id, line)
        _coded(one.state.code, one.state.legacy_code, one, line, coded=coded)
        return (Span(one.on, None, one.state),)
    at = next((span.state for span in spans or () if span.holds(one.on)), None)
    if spans is None or at is None:
        raise TreeError("agency-unknown", one.agency_id, line, one.on)
    if isinstance(one, End):
        fields: Mapping[str, Any] = {"ended": True}
    elif isinstance(one, Resume):
        fields = {**one.fields, "ended": False}
    else:
        fields = one.fields
    if unknown := set(fields) - {*FIELDS, "ended"}:
        raise ValueError(f"an agency has no {sorted(unknown)}")
    if at.ended != isinstance(one, Resume):
        raise TreeError("agency-ended" if at.ended else "nothing-changes", one.agency_id, line, one.on)
    code, legacy = fields.get("code", at.code), fields.get("legacy_code", at.legacy_code)
    _coded(
        code if code != at.code else None,
        legacy if legacy != at.legacy_code else None,
        one,
        line,
        coded=coded,
    )
    after = _set(spans, one.on, at, fields)
    if after == joined(spans):
        raise TreeError("nothing-changes", one.agency_id, line, one.on)
    return after


def _coded(code: str | None, legacy: str | None, one: Operation, line: int, *, coded: bool) -> None:
    wrong = (code is not None and not well_formed(code)) or (legacy is not None and not legacy_formed(legacy))
    if coded and wrong:
        raise TreeError("code-malformed", one.agency_id, line, one.on)


def _set(spans: Iterable[Span], on: date, base: State, fields: Mapping[str, Any]) -> tuple[Span, ...]:
    """The fields from a day on, in each later span until it changes the field by itself."""
    going = dict(fields)
    after: list[Span] = []
    for span in spans:
        if span.until is not None and span.until <= on:
            after.append(span)
            continue
        if span.since < on:
            after.append(replace(span, until=on))
        going = {name: value for name, value in going.items() if _same(span.state, base, name)}
        after.append(Span(max(span.since, on), span.until, replace(span.state, **going)))
    return joined(after)


def _same(one: State, other: State, name: str) -> bool:
    return bool(getattr(one, name) == getattr(other, name))


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Neighbours that say the same become one."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].state == span.state:
            found[-1] = replace(found[-1], until=span.until)
        else:
            found.append(span)
    return tuple(found)


def touched(operations: Iterable[Operation]) -> frozenset[UUID]:
    """The agencies the operations are about."""
    return frozenset(one.agency_id for one in operations) | frozenset(
        one.successor_id for one in operations if isinstance(one, Succeed)
    )


def inverse(before: Tree, after: Tree, operations: Sequence[Operation], on: date) -> tuple[Operation, ...]:
    """What makes the touched agencies stand from ``on`` as they would have stood that day.

    ``before`` is the tree without the operations, ``after`` the one that stands. Applied on the day of the
    operations or later, ``digest(on)`` of both is the same wherever nothing else has changed meanwhile.
    """
    found: list[Operation] = []
    for agency in sorted(touched(operations)):
        was, is_ = before.state(agency, on), after.state(agency, on)
        if was == is_:
            continue
        if was is None:
            found.append(End(agency, on))
        elif is_ is None:
            ended = after.span(agency, on)
            assert ended is not None, "what stood before has a span"
            found.append(Resume(agency, on, _differing(ended.state, was)))
        else:
            found.append(Change(agency, on, _differing(is_, was)))
    links = (one for one in operations if isinstance(one, Succeed))
    return (*found, *(Succeed(one.successor_id, on, one.agency_id, "restored") for one in links))


def _differing(is_: State, was: State) -> dict[str, Any]:
    return {name: getattr(was, name) for name in FIELDS if not _same(is_, was, name)}
