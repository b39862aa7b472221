"""The same facts under two laws: what is owed under one only, by another day, by another post. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from models.lifecycle.simulated import Would

Kind = Literal["only_before", "only_after", "moved", "laid_elsewhere"]
Key = tuple[UUID | None, UUID | None, UUID | None, str, int | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """One duty on both sides, or on one only."""

    kind: Kind
    before: Would | None
    after: Would | None


def within(duties: Iterable[Would], first: date, last: date) -> list[Would]:
    """The duties of a period: opened in it, or due in it."""
    return [
        one
        for one in duties
        if first <= one.opened_on <= last or (one.due_on is not None and first <= one.due_on <= last)
    ]


def differences(before: Sequence[Would], after: Sequence[Would]) -> list[Difference]:
    """Every difference, duties of one subject and purpose paired in the order in which they arise."""
    mine, theirs = _grouped(before), _grouped(after)
    found: list[Difference] = []
    for key in dict.fromkeys([*mine, *theirs]):
        ones, others = mine.get(key, []), theirs.get(key, [])
        for one, other in zip(ones, others, strict=False):
            found += _between(one, other)
        found += [Difference("only_before", one, None) for one in ones[len(others) :]]
        found += [Difference("only_after", None, other) for other in others[len(ones) :]]
    return found


def _grouped(duties: Sequence[Would]) -> dict[Key, list[Would]]:
    found: dict[Key, list[Would]] = defaultdict(list)
    for one in duties:
        subject = one.profile_id or one.case_id
        found[subject, one.agency_month_id, one.report_id, one.slot, one.step].append(one)
    for group in found.values():
        group.sort(key=lambda one: (one.event_on, one.opened_on))
    return found


def _between(one: Would, other: Would) -> list[Difference]:
    if one.due_on != other.due_on:
        return [Difference("moved", one, other)]
    if (one.party, one.agency_id) != (other.party, other.agency_id):
        return [Difference("laid_elsewhere", one, other)]
    return []


def ended_by(duties: Iterable[Would], day: date) -> list[Would]:
    """As they stood on a day: what ended later was still open then."""
    return [
        replace(
            one,
            done_on=one.done_on if one.done_on is not None and one.done_on <= day else None,
            void_on=one.void_on if one.void_on is not None and one.void_on <= day else None,
        )
        for one in duties
    ]
